// The scanner: point spread (separable Gaussian, sharpened by some kernels), noise with a band-pass power spectrum like that of
// filtered back-projection, streaks, rounding. Noise is a function of the voxel's world number, so overlapping crops agree.
import type { PhantomPlan } from './anatomy.ts'
import type { Axis } from './cropGrid.ts'
import { exponential, ramp } from './mathPortable.ts'
import { finishHash, mixWord } from './random.ts'
import type { Scanner } from './scanner.ts'

/** Voxels of margin that blur and noise need on each side: [z, y, x]. */
export const marginVoxels = [3, 4, 4] as const

/** A symmetric kernel of odd length that sums to one, σ in voxels; trimmed where it is below a thousandth. */
export function gaussianKernel(sigma: number, largestRadius: number): Float64Array {
  if (sigma < 0.18) return Float64Array.of(1)
  let radius = largestRadius
  while (radius > 1 && radius > 2.6 * sigma + 0.5) radius--
  const kernel = new Float64Array(2 * radius + 1)
  let sum = 0
  for (let i = -radius; i <= radius; i++)
    sum += kernel[i + radius] = exponential((-0.5 * i * i) / (sigma * sigma))
  for (let i = 0; i < kernel.length; i++) kernel[i] /= sum
  return kernel
}

/** In-plane point spread on a grid: the voxel's own width is already in the painted edges and is taken off. */
export function planeKernel(scanner: Scanner, spacingMm: number, edgeMm: number): Float64Array {
  const variance = scanner.blurMm * scanner.blurMm - (edgeMm * edgeMm) / 12
  const narrow = gaussianKernel(variance > 0 ? Math.sqrt(variance) / spacingMm : 0, marginVoxels[1])
  if (scanner.enhancement === 0) return narrow
  const wide = gaussianKernel(1.1 / spacingMm, marginVoxels[1])
  const radius = (Math.max(narrow.length, wide.length) - 1) / 2
  const kernel = new Float64Array(2 * radius + 1)
  // Applied along two axes, so each carries half of the enhancement.
  const share = scanner.enhancement * 0.5
  narrow.forEach((value, i) => (kernel[i + radius - (narrow.length - 1) / 2] += (1 + share) * value))
  wide.forEach((value, i) => (kernel[i + radius - (wide.length - 1) / 2] -= share * value))
  return kernel
}

/** Slice profile: the seed's slice thickness as far as the grid's own slices do not already have it. */
export function sliceKernel(scanner: Scanner, spacingMm: number): Float64Array {
  const thicknessMm = scanner.spacingMm[0]
  const variance = (thicknessMm * thicknessMm - spacingMm * spacingMm) / 12 + 0.12
  return gaussianKernel(variance > 0 ? Math.sqrt(variance) / spacingMm : 0, marginVoxels[0])
}

/**
 * Convolves `data` [planes][count][stride] along `count` with a symmetric kernel; samples beyond the ends repeat the last one.
 * Returns `out`.
 */
export function convolveAxis(
  data: Float32Array,
  out: Float32Array,
  count: number,
  stride: number,
  kernel: Float64Array,
): Float32Array {
  const radius = (kernel.length - 1) / 2
  const middle = kernel[radius]
  const plane = count * stride
  const planes = data.length / plane
  for (let p = 0; p < planes; p++)
    for (let i = 0; i < count; i++) {
      const row = p * plane + i * stride
      for (let s = 0; s < stride; s++) out[row + s] = middle * data[row + s]
      for (let r = 1; r <= radius; r++) {
        const before = p * plane + (i < r ? 0 : i - r) * stride
        const after = p * plane + (i + r >= count ? count - 1 : i + r) * stride
        const weight = kernel[radius + r]
        for (let s = 0; s < stride; s++) out[row + s] += weight * (data[before + s] + data[after + s])
      }
    }
  return out
}

/** The same along the fastest axis, written so that the inner loop stays in the row. */
export function convolveRows(
  data: Float32Array,
  out: Float32Array,
  count: number,
  kernel: Float64Array,
): Float32Array {
  const radius = (kernel.length - 1) / 2
  const rows = data.length / count
  for (let y = 0; y < rows; y++) {
    const row = y * count
    for (let i = 0; i < count; i++) {
      let sum = kernel[radius] * data[row + i]
      for (let r = 1; r <= radius; r++)
        sum +=
          kernel[radius + r] *
          (data[row + (i < r ? 0 : i - r)] + data[row + (i + r >= count ? count - 1 : i + r)])
      out[row + i] = sum
    }
  }
  return out
}

/** White noise of deviation 1 (sum of four uniform bytes) by world voxel number. */
function whiteNoise(key: number, z: Axis, y: Axis, x: Axis): Float32Array {
  const noise = new Float32Array(z.count * y.count * x.count)
  let o = 0
  for (let k = 0; k < z.count; k++) {
    const slice = mixWord(key, z.first + k)
    for (let j = 0; j < y.count; j++) {
      const row = mixWord(slice, y.first + j)
      for (let i = 0; i < x.count; i++) {
        const h = finishHash(mixWord(row, x.first + i))
        noise[o++] = ((h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510) * 0.0067659
      }
    }
  }
  return noise
}

/** Coloured noise of deviation 1: a narrow blur minus 0.85 of a wider one in plane, slightly smoothed across slices. */
export function colouredNoise(scanner: Scanner, z: Axis, y: Axis, x: Axis): Float32Array {
  const narrow = gaussianKernel((scanner.blurMm * 0.75) / x.spacingMm, 2)
  const wide = gaussianKernel(1.15, 2)
  const across = sliceKernel(scanner, z.spacingMm)
  const white = whiteNoise(scanner.noiseKey, z, y, x)
  const spare = new Float32Array(white.length)
  const plane = y.count * x.count
  const a = convolveAxis(convolveRows(white, spare, x.count, narrow), white, y.count, x.count, narrow)
  const b = convolveAxis(
    convolveRows(a, spare, x.count, wide),
    new Float32Array(a.length),
    y.count,
    x.count,
    wide,
  )
  const scale = 1 / deviationAfter(narrow, wide, across)
  for (let i = 0; i < a.length; i++) a[i] = (a[i] - 0.85 * b[i]) * scale
  return across.length === 1 ? a : convolveAxis(a, spare, z.count, plane, across)
}

/** Deviation that the filters leave of white noise of deviation 1: root of the summed squares of the combined kernel. */
function deviationAfter(narrow: Float64Array, wide: Float64Array, across: Float64Array): number {
  const both = new Float64Array(narrow.length + wide.length - 1)
  narrow.forEach((n, i) => wide.forEach((w, j) => (both[i + j] += n * w)))
  const shift = (both.length - narrow.length) / 2
  const at = (i: number) => narrow[i - shift] ?? 0
  let sum = 0
  for (let i = 0; i < both.length; i++)
    for (let j = 0; j < both.length; j++) {
      const value = at(i) * at(j) - 0.85 * both[i] * both[j]
      sum += value * value
    }
  let through = 0
  for (const value of across) through += value * value
  return Math.sqrt(sum * through)
}

/** Standard deviation of the noise at a place (HU): more through the shoulders and the middle, less in larger voxels. */
export function noiseLevel(
  plan: PhantomPlan,
  z: number,
  y: number,
  spacingZ: number,
  spacingX: number,
): number {
  const { chest, scanner } = plan
  const voxel = Math.min(1.25, 0.75 / spacingX) * Math.sqrt(Math.min(2, 1.25 / spacingZ))
  const shoulders = ramp(z, chest.centreZ + chest.apexHeight - 70, chest.centreZ + chest.apexHeight)
  const edge = y / chest.bodyHalfDepth
  return scanner.noiseHu * voxel * (1 + 0.7 * shoulders) * (1 - 0.3 * Math.min(1, edge * edge))
}

/** HU that beam hardening and photon starvation add around dense contrast or metal. */
export function streakHu(scanner: Scanner, x: number, y: number, z: number): number {
  let sum = 0
  for (const { source, directions, hu } of scanner.streaks) {
    const dz = Math.abs(z - source[2])
    if (dz > 14) continue
    const dx = x - source[0]
    const dy = y - source[1]
    const distance = Math.sqrt(dx * dx + dy * dy)
    const width = 1 + 0.045 * distance
    for (let i = 0; i < directions.length; i += 3) {
      const across = Math.abs(dx * directions[i + 1] - dy * directions[i]) / width
      if (across < 1) sum += (directions[i + 2] * (1 - across) * hu * (1 - dz / 14)) / (1 + distance / 45)
    }
  }
  return sum
}
