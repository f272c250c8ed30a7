// What came out of clustering: the map, the groups with their colours, how they go with labels, and the files.
import { Download } from 'lucide-react'
import { Button, Radio, RadioGroup } from 'react-aria-components'
import { describeClusters } from '../../state/featuresSlice.ts'
import type { ClusterResult } from '../../worker/insightProtocol.ts'
import { capitalise, formatPercent } from '../format.ts'
import { saveFile } from '../saveFile.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { findingCss } from '../viewer/palette.ts'
import { drawMapFile, labelCss } from './drawFeatureMap.ts'
import { FeatureMap } from './FeatureMap.tsx'
import { PaintSwitch } from './PaintSwitch.tsx'
import { useHeld } from './useHeld.ts'

export function ClusterView() {
  const held = useHeld()
  const result = held.insight.clusters
  if (!result) return null
  return (
    <>
      {result.labels ? (
        <ColourChoice isTruth={result.labels.isTruth} />
      ) : (
        <p className="warning">{result.labelProblem}</p>
      )}
      <FeatureMap result={result} />
      <PaintSwitch painter="clusters" />
      <Groups result={result} />
      <Distances result={result} />
      {result.labels && <Agreement labels={result.labels} />}
      <Files result={result} />
    </>
  )
}

function ColourChoice({ isTruth }: { isTruth: boolean }) {
  const colour = useWorkbench(state => state.tokenColour)
  const set = useWorkbench(state => state.setTokenColour)
  return (
    <RadioGroup
      className="segmented"
      aria-label="Coloured by"
      orientation="horizontal"
      value={colour}
      onChange={value => set(value as typeof colour)}
    >
      <Radio value="cluster">Clusters</Radio>
      <Radio value="label">{isTruth ? 'Organs (truth)' : 'Lungs (found)'}</Radio>
    </RadioGroup>
  )
}

interface Part {
  readonly name: string
  readonly colour: string
  readonly tokens: Int32Array
}

/** Tokens of each cluster, or of each label, with their colour. */
function partsOf({ clusters, request, labels }: ClusterResult, by: 'cluster' | 'label'): Part[] {
  const group = by === 'label' && labels ? labels.ofTokens : clusters
  const names =
    by === 'label' && labels ? labels.names : Array.from({ length: request.k }, (_, i) => `Cluster ${i + 1}`)
  const tokens = names.map((): number[] => [])
  group.forEach((one, token) => tokens[one]?.push(token))
  return names.map((name, i) => ({
    name: capitalise(name),
    colour: by === 'label' ? labelCss(i) : findingCss(i),
    tokens: Int32Array.from(tokens[i]),
  }))
}

function Groups({ result }: { result: ClusterResult }) {
  const colour = useWorkbench(state => state.tokenColour)
  const brushed = useWorkbench(state => state.brushed)
  const brush = useWorkbench(state => state.brushTokens)
  const parts = partsOf(result, colour)
  const isAlone = ({ tokens }: Part) =>
    brushed !== null && brushed.length === tokens.length && brushed[0] === tokens[0]
  return (
    <ul className="group-list" aria-label="Groups of tokens">
      {parts.map(part => (
        <li key={part.name}>
          <Button
            className="list-button"
            aria-pressed={isAlone(part)}
            isDisabled={part.tokens.length === 0}
            onPress={() => brush(isAlone(part) ? null : part.tokens)}
          >
            <span className="group-swatch" style={{ background: part.colour }} />
            <span className="group-name">{part.name}</span>
            <span className="figures secondary">
              {formatPercent(part.tokens.length / result.clusters.length)}
            </span>
          </Button>
        </li>
      ))}
    </ul>
  )
}

function Distances({ result: { figures, labels } }: { result: ClusterResult }) {
  const row = (name: string, { meanIntra, meanInter }: ClusterResult['figures']) => (
    <tr>
      <td>{name}</td>
      <td>{meanIntra.toFixed(2)}</td>
      <td>{meanInter.toFixed(2)}</td>
      <td>{meanIntra > 0 ? (meanInter / meanIntra).toFixed(2) : '–'}</td>
    </tr>
  )
  return (
    <table className="agreement figures" aria-label="Distances in feature space">
      <thead>
        <tr>
          <th>Distance of features</th>
          <th>within</th>
          <th>between</th>
          <th>ratio</th>
        </tr>
      </thead>
      <tbody>
        {row('Clusters', figures)}
        {labels && row(labels.isTruth ? 'Organs' : 'Lungs', labels.figures)}
      </tbody>
    </table>
  )
}

function Agreement({
  labels: { agreement, names, isTruth, source },
}: {
  labels: NonNullable<ClusterResult['labels']>
}) {
  return (
    <>
      <table className="agreement figures" aria-label="Agreement with labels">
        <thead>
          <tr>
            <th>Dice</th>
            <th>best cluster</th>
            <th>all its clusters</th>
          </tr>
        </thead>
        <tbody>
          {agreement.map(({ label, bestCluster, bestDice, ownClusters, ownDice }) => (
            <tr key={label}>
              <td>{capitalise(names[label])}</td>
              <td>
                {bestDice.toFixed(2)} <span className="secondary">({bestCluster + 1})</span>
              </td>
              <td>
                {ownClusters.length > 0 ? ownDice.toFixed(2) : '–'}{' '}
                {ownClusters.length > 0 && (
                  <span className="secondary">({ownClusters.map(cluster => cluster + 1).join(', ')})</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="secondary">
        Against {isTruth ? 'the' : 'a'} {source}; which cluster stands for which label is chosen with the
        labels in hand.
      </p>
    </>
  )
}

function Files({ result }: { result: ClusterResult }) {
  const saveMap = useWorkbench(state => state.saveClusterMap)
  const saveTable = useWorkbench(state => state.saveFeatureTable)
  const colour = useWorkbench(state => state.tokenColour)
  const isSynthetic = useWorkbench(state => state.openCase?.series.synthetic ?? false)
  const savePng = async () => {
    const png = await drawMapFile(result, colour, describeClusters(result), isSynthetic)
    if (png) saveFile('feature-map.png', png)
  }
  return (
    <div className="export-row">
      <Button className="button small" onPress={() => void saveMap()}>
        <Download size={13} aria-hidden /> NIfTI
      </Button>
      <Button className="button small" onPress={() => void savePng()}>
        <Download size={13} aria-hidden /> PNG
      </Button>
      <Button className="button small" onPress={saveTable}>
        <Download size={13} aria-hidden /> CSV
      </Button>
    </div>
  )
}
