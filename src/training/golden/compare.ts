// Comparison of computed with expected values, by the fixture's own tolerances (SPEC section 11).
import { hashUniform } from '../../network/initialise.ts'
import type { Fixture, HostTensor, TensorInfo } from './fixture.ts'

/** One comparison; `error` is infinite where shapes differ or a value is not finite. */
export interface Check {
  readonly tensor: string
  readonly error: number
  readonly tolerance: number
  /** What a reader of the result must know about this comparison. */
  readonly remark?: string
}

export function hasPassed(check: Check): boolean {
  return check.error <= check.tolerance
}

/** The comparison that came nearest to, or furthest beyond, its tolerance. */
export function worstCheck(checks: readonly Check[]): Check | undefined {
  const strain = ({ error, tolerance }: Check) =>
    error === 0 ? 0 : tolerance === 0 ? Infinity : error / tolerance
  return checks.reduce<Check | undefined>(
    (worst, check) => (worst === undefined || strain(check) > strain(worst) ? check : worst),
    undefined,
  )
}

type Values = ArrayLike<number>

/** Largest absolute difference; infinite when a value is not finite, so that NaN never passes. */
export function largestError(got: Values, want: Values): number {
  if (got.length !== want.length) return Infinity
  let largest = 0
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i] - want[i])
    if (!Number.isFinite(error)) return Infinity
    if (error > largest) largest = error
  }
  return largest
}

/** Tolerance of a tensor: the JSON's, or SPEC 11's formula with ratio `r` where it has none. */
function toleranceOf(info: TensorInfo, r: number): number {
  if (typeof info.atol === 'number') return info.atol
  return Math.max(20 * (info.dev64 ?? 0), r * (info.max_abs ?? 0))
}

/** Every k-th element along the axes on which the expected tensor is smaller, starting at the first. */
function subsample(got: HostTensor, shape: readonly number[], step: number): HostTensor | undefined {
  const steps = got.shape.map((size, axis) =>
    size === shape[axis] ? 1 : Math.ceil(size / step) === shape[axis] ? step : 0,
  )
  if (got.shape.length !== shape.length || steps.includes(0)) return undefined
  const count = shape.reduce((product, size) => product * size, 1)
  const data = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    let rest = i
    let source = 0
    let stride = 1
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += (rest % shape[axis]) * steps[axis] * stride
      rest = Math.floor(rest / shape[axis])
      stride *= got.shape[axis]
    }
    data[i] = got.data[source]
  }
  return { shape, data }
}

/**
 * Compares one computed tensor with the fixture's tensor of the same name. `halfError`: of the largest value, what halves
 * add to the fixture's tolerance; nothing where that is 0, as for masks.
 */
export function compareTensor(
  fixture: Fixture,
  name: string,
  got: HostTensor | undefined,
  halfError = 0,
): Check {
  const want = fixture.tensors[name]
  const isGradient = name.includes('grad.')
  const info = fixture.info[name] ?? { role: 'expected', shape: want.shape, dtype: 'float32' }
  const single = toleranceOf(info, isGradient ? 1e-4 : 2e-5)
  const tolerance = single === 0 ? 0 : single + halfError * (info.max_abs ?? 0)
  if (!got) return { tensor: `${name} (not computed)`, error: Infinity, tolerance }
  const step = Number(fixture.config.spatial_subsample ?? 1)
  const aligned = got.data.length === want.data.length ? got : subsample(got, want.shape, step)
  if (!aligned) return { tensor: `${name} (got [${got.shape.join(', ')}])`, error: Infinity, tolerance }
  return { tensor: name, error: largestError(aligned.data, want.data), tolerance }
}

/** [sum, l2, dot] of a tensor in float64 (SPEC 11, checksums). */
export function checksum(name: string, data: Values): [number, number, number] {
  const probe = hashUniform(name, 777, data.length, 0, 1)
  let sum = 0
  let squares = 0
  let dot = 0
  for (let i = 0; i < data.length; i++) {
    sum += data[i]
    squares += data[i] * data[i]
    dot += data[i] * probe[i]
  }
  return [sum, Math.sqrt(squares), dot]
}

/** Compares l2 and dot of a tensor with an expected checksum; `sum` is informative. */
export function compareChecksum(
  label: string,
  name: string,
  data: Values,
  want: readonly number[],
  tolerance: number,
): Check {
  const [, l2, dot] = checksum(name, data)
  const error = Math.max(Math.abs(l2 - want[1]), Math.abs(dot - want[2]))
  return { tensor: label, error: Number.isFinite(error) ? error : Infinity, tolerance }
}
