// Fine-tuning as a run of the page's training worker: from boxes and settings to its end, and from its folder on.
import type { ModelFiles } from '../prediction/loadModel.ts'
import type { FinetuneRow } from '../training/finetune/figures.ts'
import type { FollowedPlace } from '../training/finetune/followed.ts'
import { performFinetuning } from '../training/finetune/performFinetuning.ts'
import type { FinetuneSettings } from '../training/finetune/settings.ts'
import { stepsOf } from '../training/finetune/steps.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import { RunControl } from '../training/run/control.ts'
import type { RunEnd } from '../training/run/performRun.ts'
import type { RunPlace } from './pretrainTasks.ts'
import { bundleRows } from './runReporter.ts'
import { memoryFolder } from './opfs.ts'
import { storageIn } from './runs/fileStore.ts'
import { pagePlaces } from './trainPlaces.ts'

/** Of a new run. */
export interface FinetuneBeginning {
  readonly settings: FinetuneSettings
  readonly crops: CropSet
  readonly keepsCrops: boolean
  readonly followed?: FollowedPlace
  readonly keepsFollowed?: boolean
  /** Undefined from scratch. */
  readonly start: ModelFiles | undefined
}

/** Runs to the end; one that goes on needs its `crops` where its storage keeps none. */
export async function runFinetuning(
  beginning: FinetuneBeginning | { readonly crops: CropSet | undefined },
  { storage, control, saveEvery, report }: RunPlace,
): Promise<RunEnd> {
  const { places, environment } = pagePlaces()
  const bundle = bundleRows(report)
  report({ kind: 'stage', stage: 'Compiling the update', done: 0, total: 1 })
  try {
    return await performFinetuning({
      ...{ settings: undefined, start: undefined, keepsCrops: false },
      ...beginning,
      ...{ storage, places, environment, control, saveEvery },
      onNotice: text => report({ kind: 'notice', text }),
      onStart: (rows, _settings, label, steps) =>
        report({ kind: 'started', rows: rows.map(plainRow), steps, label }),
      onRow: row => bundle.add(plainRow(row)),
      onSaved: step => report({ kind: 'saved', step }),
      onMessage: message => report({ kind: 'message', message }),
    })
  } finally {
    bundle.flush()
  }
}

const plainRow = (row: FinetuneRow) => ({ ...row })

/** The first update compiles and warms up; the second is timed. */
const timedUpdates = 2

/**
 * Makes two updates of a run, throws them away, and says what the whole would take.
 * @throws InputError for settings or cases that make no run; CancelledError.
 */
export async function timeFinetuning(
  beginning: Omit<FinetuneBeginning, 'keepsCrops'>,
  signal: AbortSignal,
): Promise<number> {
  const { places, environment } = pagePlaces()
  const control = new RunControl()
  signal.addEventListener('abort', () => control.stop())
  const rows: FinetuneRow[] = []
  const started = performance.now()
  await performFinetuning({
    ...beginning,
    ...{
      storage: storageIn(memoryFolder()),
      keepsCrops: false,
      places,
      environment,
      control,
      saveEvery: Infinity,
    },
    onRow(row) {
      rows.push(row)
      if (rows.length >= timedUpdates) control.stop()
    },
  })
  const steps = stepsOf(beginning.settings, beginning.crops.cases)
  const last = rows.at(-1)
  const spent = (performance.now() - started) / 1000
  return last ? spent + last.seconds * Math.max(0, steps - rows.length) : spent
}
