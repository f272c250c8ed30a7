// Fine-tuning as a run of the page's training worker: from boxes and settings to its end, and from its folder on.
import type { ModelFiles } from '../prediction/loadModel.ts'
import { performFinetuning } from '../training/finetune/performFinetuning.ts'
import type { FinetuneSettings } from '../training/finetune/settings.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import type { RunEnd } from '../training/run/performRun.ts'
import type { RunPlace } from './pretrainTasks.ts'
import { bundleRows } from './runReporter.ts'
import { watchPlaces } from './trainPlaces.ts'

/** Of a new run. */
export interface FinetuneBeginning {
  readonly settings: FinetuneSettings
  readonly crops: CropSet
  /** Undefined from scratch. */
  readonly start: ModelFiles | undefined
}

/** Runs to the end; `beginning` undefined goes on with the run in the storage, which holds all that it needs. */
export async function runFinetuning(
  beginning: FinetuneBeginning | undefined,
  { storage, control, saveEvery, report }: RunPlace,
): Promise<RunEnd> {
  const { places, environment } = watchPlaces()
  const bundle = bundleRows(report)
  report({ kind: 'stage', stage: 'Compiling the update', done: 0, total: 1 })
  try {
    return await performFinetuning({
      settings: beginning?.settings,
      crops: beginning?.crops,
      start: beginning?.start,
      // Boxes without names: a run goes on after a reload without its files.
      keepsCrops: true,
      ...{ storage, places, environment, control, saveEvery },
      onNotice: text => report({ kind: 'notice', text }),
      onStart: (rows, steps, label) => report({ kind: 'started', rows, steps, label }),
      onRow: row => bundle.add(row),
      onSaved: step => report({ kind: 'saved', step }),
      onMessage: message => report({ kind: 'message', message }),
    })
  } finally {
    bundle.flush()
  }
}
