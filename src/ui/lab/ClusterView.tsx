// What came out of clustering: the map, the groups with their colours, how they go with labels, and the files.
import { Download } from 'lucide-react'
import { Button } from 'react-aria-components'
import { scansOfRows } from '../../insight/pooledTokens.ts'
import { describeClusters, type TokenColour } from '../../state/featuresSlice.ts'
import type { ClusterResult } from '../../worker/insightProtocol.ts'
import { capitalise, formatPercent } from '../format.ts'
import { OptionRow } from '../OptionRow.tsx'
import { saveFile } from '../saveFile.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { findingCss } from '../viewer/palette.ts'
import { AgreementTable, ClustersByScan, DistanceTable } from './ClusterFigures.tsx'
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
      <ColourChoice result={result} />
      {result.labelProblem && <p className="warning">{result.labelProblem}</p>}
      <FeatureMap result={result} />
      <PaintSwitch painter="clusters" />
      <Groups result={result} />
      <ClustersByScan result={result} />
      <DistanceTable result={result} />
      {result.labels && result.labels.agreement.length > 0 && (
        <AgreementTable labels={result.labels} isOneOfSeveral={result.scans.length > 1} />
      )}
      <Files result={result} />
    </>
  )
}

function ColourChoice({ result: { labels, scans } }: { result: ClusterResult }) {
  const colour = useWorkbench(state => state.tokenColour)
  const set = useWorkbench(state => state.setTokenColour)
  if (!labels && scans.length === 1) return null
  const options: { id: typeof colour; name: string }[] = [{ id: 'cluster', name: 'Clusters' }]
  if (labels) options.push({ id: 'label', name: labelTitle(labels) })
  if (scans.length > 1) options.push({ id: 'scan', name: 'Scans' })
  return (
    <OptionRow
      name="Coloured by"
      value={colour === 'label' && !labels ? 'cluster' : colour}
      options={options}
      set={set}
    />
  )
}

function labelTitle({ isTruth, names }: NonNullable<ClusterResult['labels']>): string {
  if (isTruth) return 'Organs (truth)'
  return names.includes('lungs') ? 'Organs and lungs' : 'Lungs (found)'
}

interface Part {
  readonly name: string
  readonly colour: string
  readonly tokens: Int32Array
}

/** Rows of each cluster, of each label, or of each scan, with their colour. */
function partsOf(
  { clusters, request, labels, scans }: ClusterResult,
  by: TokenColour,
  titles: readonly string[],
): Part[] {
  const parts = (names: readonly string[], group: Uint8Array, css: (index: number) => string): Part[] => {
    const tokens = names.map((): number[] => [])
    group.forEach((one, row) => tokens[one]?.push(row))
    return names.map((name, i) => ({ name, colour: css(i), tokens: Int32Array.from(tokens[i]) }))
  }
  if (by === 'scan') {
    const names = titles.map((title, i) => `Scan ${i + 1} · ${title}`)
    return parts(names, scansOfRows(scans.map(({ tokens }) => tokens)), findingCss)
  }
  if (by === 'label' && labels) return parts(labels.names.map(capitalise), labels.ofTokens, labelCss)
  return parts(
    Array.from({ length: request.k }, (_, i) => `Cluster ${i + 1}`),
    clusters,
    findingCss,
  )
}

function Groups({ result }: { result: ClusterResult }) {
  const colour = useWorkbench(state => state.tokenColour)
  const brushed = useWorkbench(state => state.brushed)
  const brush = useWorkbench(state => state.brushTokens)
  const features = useWorkbench(state => state.features)
  const parts = partsOf(result, colour, features.kind === 'done' ? features.titles : [])
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

function Files({ result }: { result: ClusterResult }) {
  const saveMap = useWorkbench(state => state.saveClusterMap)
  const saveTable = useWorkbench(state => state.saveFeatureTable)
  const colour = useWorkbench(state => state.tokenColour)
  const savePng = async () => {
    const png = await drawMapFile(result, colour, describeClusters(result))
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
