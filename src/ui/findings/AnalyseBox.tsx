// The one primary action: analyse, where it will run, progress and cancel.
import { ScanSearch } from 'lucide-react'
import { Button } from 'react-aria-components'
import type { ModelSummary } from '../../worker/protocol.ts'
import { Failed } from '../Failed.tsx'
import { ModelBadge } from '../ModelBadge.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { TakeModelAway } from './TakeModelAway.tsx'

export function AnalyseBox() {
  const prediction = useWorkbench(state => state.prediction)
  const compute = useWorkbench(state => state.compute)
  const isWindingDown = useWorkbench(state => state.isWindingDown)
  const start = useWorkbench(state => state.startPrediction)
  const cancel = useWorkbench(state => state.cancelPrediction)
  if (compute.kind === 'failed') return <Failed failure={compute.failure} />
  const model = compute.kind === 'ready' ? compute.model : null
  const isRunning = prediction.kind === 'running'
  return (
    <section className="analyse" aria-label="Analysis">
      <div className="analyse-head">
        <span className="secondary">Model</span>
        {model ? (
          <ModelBadge model={model} what="The model that analyses" />
        ) : (
          <span className="badge">
            {compute.kind === 'asking' ? 'looking for the model' : 'none installed'}
          </span>
        )}
      </div>
      {isRunning ? (
        <>
          <Progress {...prediction.progress} unit={prediction.progress.total > 1 ? 'tiles' : undefined} />
          <Button className="button wide" onPress={cancel}>
            Cancel the analysis
          </Button>
        </>
      ) : (
        <Button className="button primary wide" isDisabled={!model} onPress={() => void start()}>
          <ScanSearch size={16} aria-hidden /> {prediction.kind === 'done' ? 'Analyse again' : 'Analyse'}
        </Button>
      )}
      {model && <WhatItGives model={model} />}
      {isWindingDown && <p className="secondary">Cancelled. The last tile is still ending.</p>}
      {compute.kind === 'ready' && prediction.kind !== 'done' && (
        <p className="secondary">Runs on {compute.device.label}.</p>
      )}
      {compute.kind === 'ready' && !model && (
        <p className="warning">
          No model is installed, so nothing can be analysed. Scans can be read; install the workbench with its
          models to analyse.
        </p>
      )}
      {model && <TakeModelAway model={model} />}
    </section>
  )
}

/** A model that does less than the shipped one, or something else, says so before it runs. */
function WhatItGives({ model: { networks, classes } }: { model: ModelSummary }) {
  if (!networks.includes('segment'))
    return (
      <p className="secondary">
        This model searches for nothing: nodules are searched for with the shipped model, and this one gives
        each its class ({classes.join(', ')}).
      </p>
    )
  if (!networks.includes('classify'))
    return <p className="secondary">This model finds nodules and gives them no class.</p>
  if (classes.includes('malignant')) return null
  return <p className="secondary">This model’s classes: {classes.join(', ')}. It rates no malignancy.</p>
}
