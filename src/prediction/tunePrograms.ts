// Which programs a GPU runs faster: those that pass tiles through workgroup memory or those that read from buffers alone,
// on values stored as halves or in single precision. Measured once with the model's own networks, then remembered for
// that adapter and model.
import { InputError } from '../base/errors.ts'
import { voxelCount } from '../base/shape.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import type { LoadedModel } from './loadModel.ts'

type Programs = Required<Pick<PlanRuntime, 'tiles' | 'storage'>>

const families: readonly Programs['tiles'][] = ['shared', 'registers', 'subgroups']
const storages: readonly Programs['storage'][] = ['f16', 'f32']
const timedRuns = 3

/** Where choices are kept from start to start; losing them costs a measurement. */
export interface ProgramMemory {
  recall(key: string): Promise<string | undefined>
  remember(key: string, value: string): Promise<void>
}

const nameOf = ({ tiles, storage }: Programs) => `${tiles} ${storage}`
const everyChoice = families.flatMap(tiles => storages.map(storage => ({ tiles, storage })))

/** Keeps a choice where there is a memory; one that is full is none. */
export async function rememberPrograms(
  memory: ProgramMemory | undefined,
  key: string,
  choice: Programs,
): Promise<void> {
  await memory?.remember(key, nameOf(choice)).catch(() => undefined)
}

/** Shortest of a few runs in milliseconds; the first, which warms caches, does not count. */
async function measure(run: () => Promise<unknown>, now: () => number): Promise<number> {
  await run()
  let shortest = Infinity
  for (let i = 0; i < timedRuns; i++) {
    const start = now()
    await run()
    shortest = Math.min(shortest, now() - start)
  }
  return shortest
}

interface Trial {
  readonly choice: Programs
  /** Of the tile that the device could hold. */
  readonly voxels: number
  readonly milliseconds: number
}

/** A larger tile sees more around each voxel, which no speed outweighs. */
function better(a: Trial | undefined, b: Trial): Trial {
  if (!a || b.voxels > a.voxels) return b
  return b.voxels === a.voxels && b.milliseconds < a.milliseconds ? b : a
}

/** The first failure where all say the same, or one that is no fault of the programs; otherwise what each said. */
function allFailures(failures: readonly unknown[]): unknown {
  const texts = new Set(failures.map(error => (error instanceof Error ? error.message : String(error))))
  const own = failures.find(error => error instanceof InputError)
  return own ?? (texts.size === 1 ? failures[0] : new Error([...texts].join(' ')))
}

/**
 * The runtime with the faster programs. `open` loads the model on a runtime, `run` computes what is to be timed.
 * Programs that a driver refuses are out. @throws Error as `open` and `run` do when all are.
 */
export async function tunePrograms(
  runtime: PlanRuntime,
  key: string,
  open: (runtime: PlanRuntime) => Promise<LoadedModel>,
  run: (model: LoadedModel) => Promise<unknown>,
  memory: ProgramMemory | undefined,
  now: () => number = () => performance.now(),
): Promise<PlanRuntime> {
  if (runtime.tiles) return runtime
  const known = await memory?.recall(key).catch(() => undefined)
  const remembered = everyChoice.find(choice => nameOf(choice) === known)
  if (remembered) return { ...runtime, ...remembered }
  const failures: unknown[] = []
  let best: Trial | undefined
  const attempt = async (choice: Programs) => {
    try {
      const model = await open({ ...runtime, ...choice, onProfile: undefined })
      const shape = model.manifest.networks.segment?.shape
      const milliseconds = await measure(() => run(model), now).finally(() => model.release())
      best = better(best, { choice, voxels: shape ? voxelCount(shape) : 0, milliseconds })
    } catch (error) {
      failures.push(error)
    }
  }
  const offered = families.filter(tiles => tiles !== 'subgroups' || runtime.device.features.has('subgroups'))
  for (const tiles of offered) await attempt({ tiles, storage: 'f16' })
  // Which family is faster hardly depends on how values are stored: single precision is tried with that one alone.
  for (const tiles of best ? [(best as Trial).choice.tiles] : offered)
    await attempt({ tiles, storage: 'f32' })
  if (!best) throw allFailures(failures)
  await rememberPrograms(memory, key, best.choice)
  return { ...runtime, ...best.choice }
}
