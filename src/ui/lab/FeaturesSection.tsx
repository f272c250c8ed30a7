// Features without labels: tokens of one or several scans clustered and drawn as a map, painted back over the open scan.
import { Boxes } from 'lucide-react'
import { Button } from 'react-aria-components'
import { Failed } from '../Failed.tsx'
import { OptionRow } from '../OptionRow.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { ClusterView } from './ClusterView.tsx'
import { EncoderChoice, useChosenEncoder } from './EncoderChoice.tsx'
import { FeatureScans } from './FeatureScans.tsx'
import { WholeNumber } from './WholeNumber.tsx'

/** As many colours as can be told apart. */
const MOST_CLUSTERS = 12

export function FeaturesSection() {
  const features = useWorkbench(state => state.features)
  const cluster = useWorkbench(state => state.clusterFeatures)
  const cancel = useWorkbench(state => state.cancelFeatures)
  const isReady = useWorkbench(state => state.labModel.kind === 'ready')
  return (
    <>
      <Settings isDisabled={features.kind === 'running'} />
      {features.kind === 'running' ? (
        <>
          <Progress {...features.progress} />
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </>
      ) : (
        <Button className="button primary" isDisabled={!isReady} onPress={() => void cluster()}>
          <Boxes size={14} aria-hidden /> {features.kind === 'done' ? 'Cluster again' : 'Cluster the tokens'}
        </Button>
      )}
      {features.kind === 'failed' && <Failed failure={features.failure} />}
      {features.kind === 'done' ? (
        <ClusterView key={features.serial} />
      ) : (
        <p className="secondary">
          The encoder reads the scans; k-means groups their tokens without any label, and UMAP draws them as
          one map.
        </p>
      )}
    </>
  )
}

function Settings({ isDisabled }: { isDisabled: boolean }) {
  const settings = useWorkbench(state => state.featureSettings)
  const change = useWorkbench(state => state.changeFeatures)
  const encoder = useChosenEncoder(settings.encoder)
  const hasCrop = useWorkbench(state => state.labCrop !== null)
  const encoders = useWorkbench(state => state.encoders)
  const spacingMm = encoders?.find(one => one.task === encoder?.task)?.spacingMm[2]
  const sizeOf = (stage: number) => (spacingMm === undefined ? '' : ` · ${spacingMm * 2 ** (stage + 1)} mm`)
  const hasOthers = useWorkbench(state => state.featureScans.some(({ id }) => id !== state.openCase?.id))
  return (
    <>
      <FeatureScans encoder={encoder} isDisabled={isDisabled} />
      <EncoderChoice value={encoder} onChange={next => change({ encoder: next })} isDisabled={isDisabled} />
      <div className="lab-choice">
        <span className="secondary">Stage</span>
        <OptionRow
          name="Stage of the features"
          value={settings.stage}
          options={([2, 3] as const).map(id => ({ id, name: `${id + 1}${sizeOf(id)}` }))}
          isDisabled={isDisabled}
          set={stage => change({ stage })}
        />
      </div>
      <OptionRow
        name="Where the features are read"
        value={settings.place}
        options={[
          { id: 'scan', name: 'Whole scan' },
          { id: 'region', name: 'Around the region', isDisabled: !hasCrop },
        ]}
        isDisabled={isDisabled}
        set={place => change({ place })}
      />
      {hasOthers && settings.place === 'region' && (
        <p className="secondary">Of the other scans, as much around their middle is read.</p>
      )}
      <ClusterNumbers />
    </>
  )
}

function ClusterNumbers() {
  const settings = useWorkbench(state => state.featureSettings)
  const change = useWorkbench(state => state.changeFeatures)
  return (
    <div className="number-row">
      <WholeNumber
        label="Clusters"
        value={settings.k}
        low={2}
        high={MOST_CLUSTERS}
        set={k => change({ k })}
      />
      <WholeNumber label="Seed" value={settings.seed} low={0} high={999_999} set={seed => change({ seed })} />
    </div>
  )
}
