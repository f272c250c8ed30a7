// Fixtures of plain numbers: the hash initialiser, index tables, learning-rate and momentum schedules.
import { layoutWindows, relativePositionIndex, shiftMask } from '../../../kernels/windowLayout.ts'
import type { Triple } from '../../../base/shape.ts'
import { fnv1a, hashUniform } from '../../../network/initialise.ts'
import { emaMomentum, teacherTemperature, warmupCosine, warmupCosineAlternative } from '../../schedules.ts'
import { compareTensor, type Check } from '../compare.ts'
import { namesUnder, type Fixture, type HostTensor } from '../fixture.ts'
import type { HostOperation } from '../operation.ts'

interface HashCase {
  readonly tensor: string
  readonly name: string
  readonly seed: number
  readonly shape: readonly number[]
  readonly center: number
  readonly amp: number
  readonly fnv1a: number
}

function checkHashes(fixture: Fixture): Check[] {
  return (fixture.config.cases as HashCase[]).flatMap(one => {
    const count = one.shape.reduce((product, size) => product * size, 1)
    const data = Float32Array.from(hashUniform(one.name, one.seed, count, one.center, one.amp))
    return [
      compareTensor(fixture, one.tensor, { shape: one.shape, data }),
      { tensor: `fnv1a ${one.name}`, error: Math.abs(fnv1a(one.name) - one.fnv1a), tolerance: 0 },
    ]
  })
}

/** out.index, and out.shift_mask_AxBxC_is_neg100 for each grid that the fixture names. */
function checkIndex(fixture: Fixture): Check[] {
  const window = Number(fixture.config.window)
  const tables: Record<string, HostTensor> = {}
  for (const name of namesUnder(fixture, 'out.')) {
    const { shape } = fixture.tensors[name]
    const grid = /shift_mask_(\d+)x(\d+)x(\d+)/.exec(name)?.slice(1).map(Number)
    const data = grid
      ? shiftMask(
          layoutWindows(grid as unknown as Triple, {
            heads: 1,
            window,
            shift: window >> 1,
            mode: 'fixed',
            reverse: 'exact',
          }),
        )
      : relativePositionIndex(window, window ** 3)
    tables[name] = { shape, data: Float64Array.from(data, value => (grid ? Number(value !== 0) : value)) }
  }
  return Object.entries(tables).map(([name, table]) => compareTensor(fixture, name, table))
}

/** Each table of the fixture, computed at 0, 1, 2, … */
function checkSchedules(fixture: Fixture): Check[] {
  const c = Object.fromEntries(Object.entries(fixture.config).map(([name, value]) => [name, Number(value)]))
  const schedules: Record<string, (index: number) => number> = {
    lr_warmup_cosine: t => warmupCosine(t, c.lr_base, c.lr_warmup, c.lr_total),
    lr_warmup_cosine_alt: t => warmupCosineAlternative(t, c.lr_base, c.lr_warmup, c.lr_total),
    ema_momentum: it => emaMomentum(it, c.ema_total, c.ema_start),
    teacher_temp: epoch => teacherTemperature(epoch, c.temp_warm),
  }
  return namesUnder(fixture, 'out.').map(name => {
    const { shape } = fixture.tensors[name]
    const schedule = schedules[name.slice(4)] ?? (() => NaN)
    const data = Float64Array.from({ length: shape[0] }, (_, index) => schedule(index))
    return compareTensor(fixture, name, { shape, data })
  })
}

export const hostOperations: Record<string, HostOperation> = {
  hash_init: { kind: 'host', check: checkHashes },
  relative_position_index: { kind: 'host', check: checkIndex },
  schedules: { kind: 'host', check: checkSchedules },
}
