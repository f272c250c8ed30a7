// Fine-tuning as a run of the page's training worker: from boxes and settings to its end, and from its folder on.
import { InputError } from '../base/errors.ts'
import type { ModelFiles } from '../prediction/loadModel.ts'
import type { FinetuneRow } from '../training/finetune/figures.ts'
import { performFinetuning } from '../training/finetune/performFinetuning.ts'
import { readFinetuneConfig } from '../training/finetune/runRecord.ts'
import type { FinetuneSettings } from '../training/finetune/settings.ts'
import { stepsOf } from '../training/finetune/steps.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import { RunControl } from '../training/run/control.ts'
import type { RunEnd } from '../training/run/performRun.ts'
import type { RunStorage } from '../training/run/storage.ts'
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

async function knownSteps(storage: RunStorage): Promise<number> {
  const known = await readFinetuneConfig(storage)
  if (!known)
    throw new InputError('This run was not yet begun when it was left; delete it and begin a new one.')
  return stepsOf(known.settings, known.crops.cases)
}

/** Runs to the end; `beginning` undefined goes on with the run in the storage, which holds all that it needs. */
export async function runFinetuning(
  beginning: FinetuneBeginning | undefined,
  { storage, control, saveEvery, report }: RunPlace,
): Promise<RunEnd> {
  const { places, environment } = watchPlaces()
  const bundle = bundleRows(report)
  report({ kind: 'stage', stage: 'Compiling the update', done: 0, total: 1 })
  const steps = beginning ? stepsOf(beginning.settings, beginning.crops.cases) : await knownSteps(storage)
  try {
    return await performFinetuning({
      settings: beginning?.settings,
      crops: beginning?.crops,
      start: beginning?.start,
      // Boxes without names: a run goes on after a reload without its files.
      keepsCrops: true,
      ...{ storage, places, environment, control, saveEvery },
      onNotice: text => report({ kind: 'notice', text }),
      onStart: (rows, _settings, label) =>
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

/** Files that are thrown away. */
function memoryStorage(): RunStorage {
  const files = new Map<string, Uint8Array>()
  const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes ?? new Uint8Array())
  return {
    read: name => Promise.resolve(files.get(name)),
    write: (name, bytes) => Promise.resolve(void files.set(name, bytes)),
    append: (name, more) =>
      Promise.resolve(void files.set(name, new TextEncoder().encode(text(files.get(name)) + more))),
    remove: name => Promise.resolve(void files.delete(name)),
  }
}

/**
 * Makes two updates of a run, throws them away, and says what the whole would take.
 * @throws InputError for settings or cases that make no run; CancelledError.
 */
export async function timeFinetuning(beginning: FinetuneBeginning, signal: AbortSignal): Promise<number> {
  const { places, environment } = watchPlaces()
  const control = new RunControl()
  signal.addEventListener('abort', () => control.stop())
  const rows: FinetuneRow[] = []
  const started = performance.now()
  await performFinetuning({
    ...beginning,
    ...{ storage: memoryStorage(), keepsCrops: false, places, environment, control, saveEvery: Infinity },
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
