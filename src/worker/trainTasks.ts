// What the training worker can do: begin a run, go on with one, pause, resume, save and stop it, and say what a step takes.
import { InputError } from '../base/errors.ts'
import { RunControl } from '../training/run/control.ts'
import { runFinetuning, timeFinetuning } from './finetuneRun.ts'
import { readModel } from './modelSource.ts'
import { extentOf, forecastPretraining, requireWish, runPretraining, settingsOf } from './pretrainTasks.ts'
import { findCases, gatherCases } from './runs/runCases.ts'
import { openStore } from './runs/fileStore.ts'
import { withRunLock } from './runs/runLock.ts'
import { newRunId, readRecord, writeRecord } from './runs/runRecord.ts'
import type { Handlers, JobContext } from './serveTasks.ts'
import type { RunEvent, TrainTasks } from './trainProtocol.ts'

/** Boxes are small and so are heads: a save costs less than a few updates. */
const finetuneSaveEvery = 10

/** The run that goes on in this worker. */
let control: RunControl | undefined

/** One run at a time; cancelling its job stops it at its next update, saved. */
async function whileControlled<T>(
  { signal, report }: JobContext<RunEvent>,
  work: (control: RunControl) => Promise<T>,
): Promise<T> {
  if (control) throw new InputError('A run is going on; stop it before another one begins.')
  const own = new RunControl(() => report({ kind: 'paused' }))
  control = own
  signal.addEventListener('abort', () => own.stop())
  try {
    return await work(own)
  } finally {
    control = undefined
  }
}

export const trainHandlers: Handlers<TrainTasks> = {
  beginPretraining: ({ title, wish, data, keepsVolumes, saveEvery }, context) =>
    whileControlled(context, async control => {
      const { signal, report } = context
      const recipe = requireWish(wish)
      const extent = { shape: recipe.cropShape, spacingMm: recipe.spacingMm }
      const store = await openStore()
      const { parts, source } = await gatherCases(data, keepsVolumes, {
        ...{ extent, store, signal },
        onProgress: progress => report({ kind: 'stage', ...progress }),
        onNotice: text => report({ kind: 'notice', text }),
      })
      const id = newRunId()
      const storage = store.folder(id)
      const end = await withRunLock(id, storage, async () => {
        const createdAt = new Date().toISOString()
        await writeRecord(storage, { kind: 'pretrain', title, createdAt, parts, saveEvery })
        report({ kind: 'created', id, runKind: 'pretrain' })
        return runPretraining(settingsOf(wish, parts, source), source, {
          storage,
          control,
          saveEvery,
          report,
        })
      })
      return { result: { id, end } }
    }),

  beginFinetuning: ({ title, start, followed, ...wish }, context) =>
    whileControlled(context, async control => {
      const { report } = context
      const files = start ? await readModel(start) : undefined
      const id = newRunId()
      const storage = (await openStore()).folder(id)
      const end = await withRunLock(id, storage, async () => {
        const createdAt = new Date().toISOString()
        const saveEvery = finetuneSaveEvery
        await writeRecord(storage, { kind: 'finetune', title, createdAt, parts: [], saveEvery })
        report({ kind: 'created', id, runKind: 'finetune' })
        return runFinetuning(
          { ...wish, followed: followed ?? undefined, start: files },
          { storage, control, saveEvery, report },
        )
      })
      return { result: { id, end } }
    }),

  async timeFinetuning({ settings, crops, start }, { signal, report }) {
    if (control) throw new InputError('A run is going on; time another one when it has ended.')
    report({ stage: 'Compiling and timing two updates', done: 0, total: 1 })
    const files = start ? await readModel(start) : undefined
    return { result: { seconds: await timeFinetuning({ settings, crops, start: files }, signal) } }
  },

  continueRun: ({ id, data, crops }, context) =>
    whileControlled(context, async control => {
      const { signal, report } = context
      const store = await openStore()
      const storage = store.folder(id)
      const end = await withRunLock(id, storage, async () => {
        const record = await readRecord(storage)
        if (!record) throw new InputError('This run is no longer in this browser; begin a new one.')
        if (record.kind === 'finetune') {
          report({ kind: 'created', id, runKind: record.kind })
          return runFinetuning(
            { crops: crops ?? undefined },
            { storage, control, saveEvery: record.saveEvery, report },
          )
        }
        const source = await findCases(record.parts, data, {
          ...{ extent: await extentOf(storage), store, signal },
          onProgress: progress => report({ kind: 'stage', ...progress }),
          onNotice: text => report({ kind: 'notice', text }),
        })
        report({ kind: 'created', id, runKind: record.kind })
        return runPretraining(undefined, source, { storage, control, saveEvery: record.saveEvery, report })
      })
      return { result: { id, end } }
    }),

  controlRun({ action }) {
    control?.[action]()
    return Promise.resolve({ result: null })
  },

  forecastPretraining: ({ wish }) => Promise.resolve({ result: forecastPretraining(wish) }),
}
