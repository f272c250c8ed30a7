// Resampling on centre-aligned grids: trilinear, with a triangle filter as wide as the new spacing when it gets
// coarser (antialiasing). Separable, one axis at a time, so that a 512×512 chest takes a second or two.
import type { Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { invertAffine, voxelToRasMm } from './geometry.ts'
import type { Volume } from './volume.ts'

/** Weights of one output line: for output i, inputs first[i] … with weights[i·taps …]. Ends repeat the edge voxel. */
export interface Line {
  readonly size: number
  readonly taps: number
  readonly index: Int32Array
  readonly weight: Float32Array
}

/** Same field of view at another spacing: the centre of the volume stays where it is, sizes are rounded. */
export function gridAtSpacing(grid: Grid, spacingMm: Triple): Grid {
  const shape = grid.shape.map((size, axis) =>
    Math.max(1, Math.round((size * grid.spacingMm[axis]) / spacingMm[axis])),
  ) as unknown as Triple
  const step = spacingMm.map((mm, axis) => mm / grid.spacingMm[axis]) as unknown as Triple
  const first = shape.map((size, axis) =>
    firstSample(grid.shape[axis], size, step[axis]),
  ) as unknown as Triple
  const affine = [...grid.affine]
  const origin = voxelToRasMm(grid.affine, first)
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) affine[4 * row + column] *= step[2 - column]
    affine[4 * row + 3] = origin[row]
  }
  return { shape, spacingMm, affine }
}

function firstSample(from: number, to: number, step: number): number {
  return (from - 1) / 2 - ((to - 1) / 2) * step
}

/**
 * `taps` weights of samples from `start` on, by a triangle of `radius` voxels around `position`; they sum to 1. A triangle
 * sampled at a width that is no whole number leans to one side, by up to 0.09 voxels: it is straightened, so that a ramp
 * stays where it is.
 */
export function triangleTaps(
  position: number,
  radius: number,
  taps: number,
): { readonly start: number; readonly weights: Float64Array } {
  const start = Math.ceil(position - radius)
  const weights = new Float64Array(taps)
  let [sum, first, second] = [0, 0, 0] // moments of the weights about the position
  for (let t = 0; t < taps; t++) {
    const offset = start + t - position
    const value = Math.max(0, 1 - Math.abs(offset) / radius)
    weights[t] = value
    sum += value
    first += value * offset
    second += value * offset * offset
  }
  const lean = second > 0 ? first / second : 0
  const scale = 1 / (sum - lean * first)
  for (let t = 0; t < taps; t++) weights[t] *= scale * (1 - lean * (start + t - position))
  return { start, weights }
}

/** Taps of a line of `from` voxels read at `to` places, `step` voxels apart, both centred on the same point. */
export function planLine(from: number, to: number, step: number): Line {
  const radius = Math.max(1, step)
  const taps = 2 * Math.ceil(radius) + 1
  const index = new Int32Array(to * taps)
  const weight = new Float32Array(to * taps)
  for (let i = 0; i < to; i++) {
    const { start, weights } = triangleTaps(firstSample(from, to, step) + i * step, radius, taps)
    for (let t = 0; t < taps; t++) {
      index[i * taps + t] = Math.min(from - 1, Math.max(0, start + t))
      weight[i * taps + t] = weights[t]
    }
  }
  return { size: to, taps, index, weight }
}

/** Filters one axis of `input`, seen as [outer, from, inner]. */
function filterAxis(
  input: Float32Array | Int16Array,
  outer: number,
  from: number,
  inner: number,
  line: Line,
): Float32Array {
  const output = new Float32Array(outer * line.size * inner)
  for (let i = 0; i < line.size; i++) {
    for (let t = 0; t < line.taps; t++) {
      const weight = line.weight[i * line.taps + t]
      if (weight === 0) continue
      const source = line.index[i * line.taps + t]
      for (let o = 0; o < outer; o++) {
        const read = (o * from + source) * inner
        const write = (o * line.size + i) * inner
        for (let x = 0; x < inner; x++) output[write + x] += weight * input[read + x]
      }
    }
  }
  return output
}

/** The innermost axis, row by row, where the loop over `inner` above would be one voxel long. */
function filterRows(input: Float32Array | Int16Array, rows: number, from: number, line: Line): Float32Array {
  const output = new Float32Array(rows * line.size)
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < line.size; i++) {
      let sum = 0
      for (let t = 0; t < line.taps; t++) {
        const at = i * line.taps + t
        sum += line.weight[at] * input[row * from + line.index[at]]
      }
      output[row * line.size + i] = sum
    }
  }
  return output
}

/**
 * `volume` at `spacingMm` (D,H,W), same field of view, centre-aligned; HU rounded to integers.
 * Peak memory: one float copy at the size between old and new.
 */
export function resample(volume: Volume, spacingMm: Triple): Volume {
  const grid = gridAtSpacing(volume, spacingMm)
  const [D, H, W] = volume.shape
  const [d, h, w] = grid.shape
  const line = (axis: number) =>
    planLine(volume.shape[axis], grid.shape[axis], spacingMm[axis] / volume.spacingMm[axis])
  // Slice by slice first, so that no float copy of the whole scan is ever held.
  const across = new Float32Array(D * h * w)
  const [rows, columns] = [line(2), line(1)]
  for (let z = 0; z < D; z++) {
    const slice = filterRows(volume.hu.subarray(z * H * W, (z + 1) * H * W), H, W, rows) // [H, w]
    across.set(filterAxis(slice, 1, H, w, columns), z * h * w)
  }
  const filtered = filterAxis(across, 1, D, h * w, line(0)) // [d, h·w]
  const hu = new Int16Array(voxelCount(grid.shape))
  for (let i = 0; i < d * h * w; i++) hu[i] = Math.round(filtered[i])
  return { ...grid, hu }
}

/**
 * Trilinear samples of `data` (on `from`) at the voxel centres of `to`, any two grids in the same RAS space.
 * Outside `from` by more than half a voxel the value is `outside`.
 */
export function resampleScalar(data: Float32Array, from: Grid, to: Grid, outside = 0): Float32Array {
  const output = new Float32Array(voxelCount(to.shape))
  const inverse = invertAffine(from.affine)
  const [D, H, W] = to.shape
  const sample = trilinear(data, from.shape, outside)
  let i = 0
  for (let d = 0; d < D; d++)
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++) {
        const [x, y, z] = voxelToRasMm(to.affine, [d, h, w])
        const at = (r: number) => inverse[r] * x + inverse[r + 1] * y + inverse[r + 2] * z + inverse[r + 3]
        output[i++] = sample(at(8), at(4), at(0))
      }
  return output
}

function trilinear(data: Float32Array, [D, H, W]: Triple, outside: number) {
  const inside = (p: number, size: number) => p >= -0.5 && p <= size - 0.5
  return (d: number, h: number, w: number): number => {
    if (!inside(d, D) || !inside(h, H) || !inside(w, W)) return outside
    const [z, y, x] = [clamp(d, D), clamp(h, H), clamp(w, W)]
    const [z0, y0, x0] = [Math.floor(z), Math.floor(y), Math.floor(x)]
    const [z1, y1, x1] = [Math.min(D - 1, z0 + 1), Math.min(H - 1, y0 + 1), Math.min(W - 1, x0 + 1)]
    const row = (a: number, b: number) => {
      const at = (a * H + b) * W
      return data[at + x0] + (x - x0) * (data[at + x1] - data[at + x0])
    }
    const near = row(z0, y0) + (y - y0) * (row(z0, y1) - row(z0, y0))
    const far = row(z1, y0) + (y - y0) * (row(z1, y1) - row(z1, y0))
    return near + (z - z0) * (far - near)
  }
}

function clamp(position: number, size: number): number {
  return Math.min(size - 1, Math.max(0, position))
}
