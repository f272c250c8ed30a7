// A job from its first case to its last, the same in Node and in the page: only the entrants differ.
import { listCases } from '../cases/list.ts'
import type { Entrant } from '../entrants/entrant.ts'
import { isChosen, type BenchEvent, type Job, type Place } from '../protocol.ts'
import { calibrate } from './calibrate.ts'
import { watchErrors } from './gpuErrors.ts'
import { measureCase } from './measureCase.ts'
import { growthBySide, growthByTiles } from './measureGrowth.ts'

export interface Bench {
  readonly device: GPUDevice
  readonly place: Omit<Place, 'copyGBs' | 'gemmGflops' | 'gemmBy'>
  /** Ours first: the others are compared with it. */
  readonly entrants: readonly Entrant[]
  /** Those that compute on the GPU, for the best matrix product. */
  readonly onGpu: readonly Entrant[]
}

const calibration = 'calibration'

const growths = [
  { name: 'growth by tiles', measure: growthByTiles },
  { name: 'growth by side', measure: growthBySide },
]

/** @param emit resolves when the event has left the process */
export async function runJob(
  { device, place, entrants, onGpu }: Bench,
  { settings, only, entrants: chosen, done, skip }: Job,
  emit: (event: BenchEvent) => Promise<void>,
): Promise<void> {
  watchErrors(device)
  const wanted = (name: string) => isChosen(only, name)
  const running = entrants.filter(({ name }) => isChosen(chosen, name))
  const cases = listCases({ level: settings.level, isSoftware: place.isSoftware }).filter(({ name }) =>
    wanted(name),
  )
  // Minutes on a software adapter: only where asked for.
  const isGrowthAsked = settings.level === 'full' || only !== ''
  const growing = isGrowthAsked ? growths.filter(({ name }) => wanted(name)) : []
  await emit({ kind: 'cases', names: [...cases, ...growing].map(({ name }) => name) })
  if (!done.includes(calibration)) {
    await emit({ kind: 'place', place })
    const begin = (entrant: string) => emit({ kind: 'attempt', name: calibration, entrant })
    const left = onGpu.filter(({ name }) => !skip[calibration]?.[name])
    const measured = await calibrate(device, place.isSoftware, left, begin)
    await emit({ kind: 'place', place: { ...place, ...measured } })
  }
  for (const benchCase of cases) {
    if (done.includes(benchCase.name)) continue
    const options = { place: place.kind, settings, skip: skip[benchCase.name] ?? {}, emit }
    await emit({ kind: 'result', result: await measureCase(benchCase, running, options) })
  }
  // Software adapters are slowed by barriers, GPUs helped by shared memory.
  const likelyBest = place.isSoftware ? 'registers' : 'shared'
  for (const { name, measure } of growing) {
    if (done.includes(name)) continue
    const alive = () => emit({ kind: 'attempt', name, entrant: 'ours' })
    await alive()
    await emit({ kind: 'growth', name, growth: await measure(device, likelyBest, alive) })
  }
  await emit({ kind: 'end' })
}
