// An axial slice of a box, the middle one where none is named, in grey levels over one window: what all small pictures of boxes show.
import type { Triple } from '../../../base/shape.ts'
import { voxelCount } from '../../../base/shape.ts'
import { sliceIndices } from '../../lab/cropSlice.ts'
import type { Slice } from './SlicePicture.tsx'

/** Lung and soft tissue are both seen: −1000 HU is black, 400 HU white. */
const [LOW_HU, HIGH_HU] = [-1000, 400]

interface Masks {
  readonly truth?: ArrayLike<number>
  readonly predicted?: ArrayLike<number>
}

/** `hu` and masks are [D,H,W] of `shape`. */
export function boxSlice(
  hu: ArrayLike<number>,
  shape: Triple,
  { truth, predicted }: Masks = {},
  index = Math.floor(shape[0] / 2),
): Slice {
  const { width, height, indices } = sliceIndices(shape, 'axial', index)
  const take = (of: ArrayLike<number>) => Uint8Array.from(indices, at => of[at])
  const level = (value: number) => (255 * (value - LOW_HU)) / (HIGH_HU - LOW_HU)
  return {
    width,
    height,
    grey: Uint8Array.from(indices, at => Math.max(0, Math.min(255, level(hu[at])))),
    ...(truth && { truth: take(truth) }),
    ...(predicted && { predicted: take(predicted) }),
  }
}

/** One box of several that lie behind each other. [N, D,H,W] */
export function boxOf<Voxels extends Int16Array | Uint8Array | Float32Array>(
  all: Voxels,
  at: number,
  shape: Triple,
): Voxels {
  const voxels = voxelCount(shape)
  return all.subarray(at * voxels, (at + 1) * voxels) as Voxels
}
