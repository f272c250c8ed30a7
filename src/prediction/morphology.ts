// Distances and morphology with balls measured in millimetres, on masks [D,H,W] of any spacing.
// Exact Euclidean distance transform: Felzenszwalb & Huttenlocher, Theory of Computing 8 (2012).
import type { Triple } from '../base/shape.ts'

const far = 1e20

/** Squared distance in mm² from every voxel to the nearest voxel of `mask` whose value is `feature` (1 = set, 0 = unset). */
export function squaredDistanceMm(
  mask: Uint8Array,
  shape: Triple,
  spacingMm: Triple,
  feature: 0 | 1 = 1,
): Float32Array {
  const [D, H, W] = shape
  const distance = new Float32Array(mask.length)
  for (let i = 0; i < mask.length; i++) distance[i] = (mask[i] !== 0) === (feature === 1) ? 0 : far
  const line = lowerEnvelope(Math.max(D, H, W))
  for (let d = 0; d < D; d++) {
    for (let h = 0; h < H; h++) line(distance, (d * H + h) * W, 1, W, spacingMm[2])
  }
  for (let d = 0; d < D; d++) {
    for (let w = 0; w < W; w++) line(distance, d * H * W + w, W, H, spacingMm[1])
  }
  for (let i = 0; i < H * W; i++) line(distance, i, H * W, D, spacingMm[0])
  return distance
}

/** A one-dimensional pass over `count` values from `offset` with `stride`; its buffers are shared between lines. */
function lowerEnvelope(longest: number) {
  const values = new Float64Array(longest)
  const vertex = new Int32Array(longest)
  const boundary = new Float64Array(longest + 1)
  return (data: Float32Array, offset: number, stride: number, count: number, spacing: number): void => {
    const squared = spacing * spacing
    let top = -1
    for (let i = 0; i < count; i++) {
      values[i] = data[offset + i * stride]
      if (values[i] >= far) continue
      let start = -Infinity
      while (top >= 0) {
        const v = vertex[top]
        start = ((values[i] - values[v]) / squared + i * i - v * v) / (2 * (i - v))
        if (start > boundary[top]) break
        top--
      }
      if (top < 0) start = -Infinity
      top++
      vertex[top] = i
      boundary[top] = start
    }
    if (top < 0) return
    let k = 0
    for (let i = 0; i < count; i++) {
      while (k < top && boundary[k + 1] < i) k++
      data[offset + i * stride] = squared * (i - vertex[k]) ** 2 + values[vertex[k]]
    }
  }
}

/** Voxels within `radiusMm` of the mask. */
export function dilate(mask: Uint8Array, shape: Triple, spacingMm: Triple, radiusMm: number): Uint8Array {
  const limit = radiusMm * radiusMm
  return Uint8Array.from(squaredDistanceMm(mask, shape, spacingMm), value => (value <= limit ? 1 : 0))
}

/** Voxels of the mask farther than `radiusMm` from every unset voxel; beyond the volume's border counts as set. */
export function erode(mask: Uint8Array, shape: Triple, spacingMm: Triple, radiusMm: number): Uint8Array {
  const limit = radiusMm * radiusMm
  return Uint8Array.from(squaredDistanceMm(mask, shape, spacingMm, 0), value => (value > limit ? 1 : 0))
}

/** Closing with a ball: fills dents and gaps narrower than 2·`radiusMm`. */
export function close(mask: Uint8Array, shape: Triple, spacingMm: Triple, radiusMm: number): Uint8Array {
  return erode(dilate(mask, shape, spacingMm, radiusMm), shape, spacingMm, radiusMm)
}
