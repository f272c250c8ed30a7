// Distances and morphology with balls measured in millimetres, on masks [D,H,W] of any spacing.
// Exact Euclidean distance transform: Felzenszwalb & Huttenlocher, Theory of Computing 8 (2012).
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'

const far = 1e20

/** A mask of `length` voxels, 1 where `test` holds. (TypedArray.from with a function is ten times slower.) */
export function maskWhere(length: number, test: (index: number) => boolean): Uint8Array {
  const mask = new Uint8Array(length)
  for (let i = 0; i < length; i++) if (test(i)) mask[i] = 1
  return mask
}

/** Squared distance in mm² from every voxel to the nearest voxel of `mask` that is set (`feature` 1) or unset (0). */
export function squaredDistanceMm(
  mask: Uint8Array,
  shape: Triple,
  spacingMm: Triple,
  feature: 0 | 1 = 1,
): Float32Array {
  const [D, H, W] = shape
  const distance = new Float32Array(mask.length)
  for (let i = 0; i < mask.length; i++) distance[i] = (mask[i] !== 0 ? 1 : 0) === feature ? 0 : far
  const line = lowerEnvelope(Math.max(D, H, W))
  for (let row = 0; row < D * H; row++) line(distance, row * W, 1, W, spacingMm[2])
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
    let zeros = 0
    for (let i = 0; i < count; i++) {
      const value = data[offset + i * stride]
      values[i] = value
      if (value === 0) zeros++
      if (value >= far) continue
      let start = -Infinity
      while (top >= 0) {
        const v = vertex[top]
        start = ((value - values[v]) / squared + i * i - v * v) / (2 * (i - v))
        if (start > boundary[top]) break
        top--
      }
      top++
      vertex[top] = i
      boundary[top] = top === 0 ? -Infinity : start
    }
    if (top < 0 || zeros === count) return
    let k = 0
    for (let i = 0; i < count; i++) {
      while (k < top && boundary[k + 1] < i) k++
      const step = i - vertex[k]
      data[offset + i * stride] = squared * step * step + values[vertex[k]]
    }
  }
}

/** Voxels within `radiusMm` of the mask. */
export function dilate(mask: Uint8Array, shape: Triple, spacingMm: Triple, radiusMm: number): Uint8Array {
  const distance = squaredDistanceMm(mask, shape, spacingMm)
  return maskWhere(mask.length, i => distance[i] <= radiusMm * radiusMm)
}

/** Voxels of the mask farther than `radiusMm` from every unset voxel; beyond the volume's border counts as set. */
export function erode(mask: Uint8Array, shape: Triple, spacingMm: Triple, radiusMm: number): Uint8Array {
  const distance = squaredDistanceMm(mask, shape, spacingMm, 0)
  return maskWhere(mask.length, i => distance[i] > radiusMm * radiusMm)
}

/** Closing with a ball: fills dents and gaps narrower than 2·`radiusMm`. Nothing is added beyond the border's inside. */
export function close(mask: Uint8Array, shape: Triple, spacingMm: Triple, radiusMm: number): Uint8Array {
  // Room for the dilated mask; without it the erosion would leave everything between mask and border filled.
  const pad = spacingMm.map(mm => Math.ceil(radiusMm / mm) + 1)
  const padded: Triple = [shape[0] + 2 * pad[0], shape[1] + 2 * pad[1], shape[2] + 2 * pad[2]]
  const room = new Uint8Array(voxelCount(padded))
  const forRows = (visit: (inMask: number, inRoom: number) => void) => {
    for (let row = 0; row < shape[0] * shape[1]; row++) {
      const d = Math.floor(row / shape[1]) + pad[0]
      const h = (row % shape[1]) + pad[1]
      visit(row * shape[2], (d * padded[1] + h) * padded[2] + pad[2])
    }
  }
  forRows((from, to) => room.set(mask.subarray(from, from + shape[2]), to))
  const closed = erode(dilate(room, padded, spacingMm, radiusMm), padded, spacingMm, radiusMm)
  const out = new Uint8Array(mask.length)
  forRows((to, from) => out.set(closed.subarray(from, from + shape[2]), to))
  return out
}

/** Opening with a ball: removes what is thinner than 2·`radiusMm`. */
export function open(mask: Uint8Array, shape: Triple, spacingMm: Triple, radiusMm: number): Uint8Array {
  return dilate(erode(mask, shape, spacingMm, radiusMm), shape, spacingMm, radiusMm)
}
