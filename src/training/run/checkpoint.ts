// The saves of a run: the state as safetensors under a name of its own, then a pointer to it, so that a crash at any
// moment leaves the last good save.
import { InputError } from '../../base/errors.ts'
import { requireWeights } from '../../network/checkWeights.ts'
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'
import { readSafetensorsData, readSafetensorsLayout, writeSafetensors } from '../../network/safetensors.ts'
import { readJson, writeJson, type RunStorage } from './storage.ts'

const pointerFile = 'latest.json'
const schemaVersion = 1

/** What a run is at the end of an update: named tensors and the number of updates made. */
export interface RunState {
  readonly step: number
  readonly tensors: ParameterValues
}

interface Pointer {
  readonly schemaVersion: number
  readonly checkpoint: string
  readonly step: number
}

function isPointer(value: unknown): value is Pointer {
  const { checkpoint, step } = (value ?? {}) as Partial<Pointer>
  return (
    typeof checkpoint === 'string' &&
    /^checkpoint-\d+\.safetensors$/.test(checkpoint) &&
    Number.isInteger(step)
  )
}

async function readPointer(storage: RunStorage): Promise<Pointer | undefined> {
  const value = await readJson(storage, pointerFile)
  if (value === undefined) return undefined
  if (!isPointer(value) || value.schemaVersion !== schemaVersion)
    throw new InputError(
      `The run's ${pointerFile} is not what this version writes (schema version ${schemaVersion}); begin a new run, or continue with the version that wrote it.`,
    )
  return value
}

/** Whether anything was saved yet; a folder without a save holds nothing that could be lost. */
export async function hasSave(storage: RunStorage): Promise<boolean> {
  return (await readPointer(storage)) !== undefined
}

/**
 * Saves `state`; the save before it stays until this one is complete.
 * @throws InputError when the storage refuses (full, gone): the last save is untouched.
 */
export async function saveState(
  storage: RunStorage,
  shapes: ParameterShapes,
  state: RunState,
): Promise<void> {
  const before = await readPointer(storage)
  const name = `checkpoint-${String(state.step).padStart(7, '0')}.safetensors`
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => [
      key,
      { dtype: 'F32' as const, shape: [...shape], data: state.tensors[key] },
    ]),
  )
  const metadata = {
    schemaVersion: String(schemaVersion),
    step: String(state.step),
    note: 'Research use — not for clinical use',
  }
  try {
    await storage.write(name, writeSafetensors(tensors, metadata))
    await writeJson(storage, pointerFile, { schemaVersion, checkpoint: name, step: state.step })
  } catch (error) {
    if (name !== before?.checkpoint) await storage.remove(name).catch(() => undefined)
    const kept = before ? `the save of step ${before.step} is untouched` : 'nothing was saved before'
    throw new InputError(
      `The run could not be saved at step ${state.step}; ${kept}. Make room where the run is kept and continue it.`,
      String(error),
    )
  }
  if (before && before.checkpoint !== name) await storage.remove(before.checkpoint)
}

/** The last save as it lies in its file, or undefined when nothing was saved yet. @throws InputError when it is damaged. */
export async function readSave(storage: RunStorage) {
  const pointer = await readPointer(storage)
  if (!pointer) return undefined
  const bytes = await storage.read(pointer.checkpoint)
  if (!bytes)
    throw new InputError(
      `The run's last save ${pointer.checkpoint} is missing; restore it, or begin a new run.`,
    )
  return { ...pointer, layout: readSafetensorsLayout(bytes) }
}

/**
 * The last save, or undefined when nothing was saved yet.
 * @throws InputError when it is damaged or holds another architecture than `shapes`.
 */
export async function loadState(storage: RunStorage, shapes: ParameterShapes): Promise<RunState | undefined> {
  const save = await readSave(storage)
  if (!save) return undefined
  const { checkpoint, step, layout } = save
  try {
    requireWeights(layout, shapes, checkpoint)
  } catch (error) {
    throw new InputError(
      `The save ${checkpoint} holds another architecture than this run's settings describe; continue it with the settings that it was begun with. (${(error as Error).message})`,
    )
  }
  const { tensors } = readSafetensorsData(layout)
  return {
    step,
    tensors: Object.fromEntries(
      Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]),
    ),
  }
}
