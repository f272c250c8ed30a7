// Which family of programs a GPU runs faster: those that pass tiles through workgroup memory or those that read from buffers
// alone. Measured once with the model's own networks, then remembered for that adapter and model.
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import type { LoadedModel } from './loadModel.ts'

type Tiles = NonNullable<PlanRuntime['tiles']>

const families: readonly Tiles[] = ['shared', 'registers']
const timedRuns = 3

/** Where choices are kept from start to start; losing them costs a measurement. */
export interface TileMemory {
  recall(key: string): Promise<string | undefined>
  remember(key: string, value: string): Promise<void>
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

/**
 * The runtime with the faster family. `open` loads the model on a runtime, `run` computes what is to be timed.
 * A family that a driver refuses is out. @throws Error as `open` and `run` do when both are.
 */
export async function tuneTiles(
  runtime: PlanRuntime,
  key: string,
  open: (runtime: PlanRuntime) => Promise<LoadedModel>,
  run: (model: LoadedModel) => Promise<unknown>,
  memory: TileMemory | undefined,
  now: () => number = () => performance.now(),
): Promise<PlanRuntime> {
  if (runtime.tiles) return runtime
  const known = await memory?.recall(key).catch(() => undefined)
  const remembered = families.find(family => family === known)
  if (remembered) return { ...runtime, tiles: remembered }
  const failures: unknown[] = []
  let best: { tiles: Tiles; milliseconds: number } | undefined
  for (const tiles of families) {
    try {
      const model = await open({ ...runtime, tiles, onProfile: undefined })
      const milliseconds = await measure(() => run(model), now).finally(() => model.release())
      if (!best || milliseconds < best.milliseconds) best = { tiles, milliseconds }
    } catch (error) {
      failures.push(error)
    }
  }
  if (!best) throw failures[0]
  await memory?.remember(key, best.tiles).catch(() => undefined)
  return { ...runtime, tiles: best.tiles }
}
