// The small volume behind the 3-D view. It covers exactly the same field of view as the full one, so that
// fractions of the box mean the same place in both.
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'

/** The shape whose voxels are about cubic and number at most `maxVoxels`; the full shape where that fits. */
export function previewShape(shape: Triple, spacingMm: Triple, maxVoxels: number): Triple {
  if (voxelCount(shape) <= maxVoxels) return shape
  const extentMm = shape.map((size, axis) => size * spacingMm[axis])
  const volumeMm3 = extentMm[0] * extentMm[1] * extentMm[2]
  // An axis that is coarser than the common spacing keeps its voxels; the others take what it leaves.
  let common = Math.cbrt(volumeMm3 / maxVoxels)
  const kept = new Set<number>()
  for (let pass = 0; pass < 2; pass++) {
    spacingMm.forEach((spacing, axis) => {
      if (spacing >= common) kept.add(axis)
    })
    const free = [0, 1, 2].filter(axis => !kept.has(axis))
    if (free.length === 0) break
    const budget = [...kept].reduce((rest, axis) => rest / shape[axis], maxVoxels)
    common = Math.pow(free.reduce((product, axis) => product * extentMm[axis], 1) / budget, 1 / free.length)
  }
  const sizes = shape.map((size, axis) =>
    kept.has(axis) ? size : Math.max(1, Math.min(size, Math.floor(extentMm[axis] / common))),
  )
  return [sizes[0], sizes[1], sizes[2]]
}

/** Where output voxel i of n covers its source of `size` voxels: two sample positions, a quarter from each end. */
function samplePairs(n: number, size: number): Int32Array {
  const pairs = new Int32Array(2 * n)
  for (let i = 0; i < n; i++) {
    pairs[2 * i] = Math.min(size - 1, Math.floor(((i + 0.25) * size) / n))
    pairs[2 * i + 1] = Math.min(size - 1, Math.floor(((i + 0.75) * size) / n))
  }
  return pairs
}

/** Mean of 2×2×2 samples spread over each output voxel. hu: [D,H,W] of `shape`; returns [D,H,W] of `target`. */
export function previewHu(hu: Int16Array, shape: Triple, target: Triple): Int16Array {
  const [depth, height, width] = target
  const out = new Int16Array(voxelCount(target))
  const d = samplePairs(depth, shape[0])
  const h = samplePairs(height, shape[1])
  const w = samplePairs(width, shape[2])
  const plane = shape[1] * shape[2]
  let at = 0
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const rows = [
        d[2 * z] * plane + h[2 * y] * shape[2],
        d[2 * z] * plane + h[2 * y + 1] * shape[2],
        d[2 * z + 1] * plane + h[2 * y] * shape[2],
        d[2 * z + 1] * plane + h[2 * y + 1] * shape[2],
      ]
      for (let x = 0; x < width; x++) {
        let sum = 0
        for (const row of rows) sum += hu[row + w[2 * x]] + hu[row + w[2 * x + 1]]
        out[at++] = Math.round(sum / 8)
      }
    }
  return out
}

/** Each labelled voxel marks the output voxel that it falls into: nothing labelled is lost by shrinking. */
export function previewLabels(labels: Uint8Array, shape: Triple, target: Triple): Uint8Array {
  const out = new Uint8Array(voxelCount(target))
  let at = 0
  for (let z = 0; z < shape[0]; z++) {
    const outZ = Math.floor((z * target[0]) / shape[0])
    for (let y = 0; y < shape[1]; y++) {
      const row = (outZ * target[1] + Math.floor((y * target[1]) / shape[1])) * target[2]
      for (let x = 0; x < shape[2]; x++, at++)
        if (labels[at] !== 0) out[row + Math.floor((x * target[2]) / shape[2])] = labels[at]
    }
  }
  return out
}
