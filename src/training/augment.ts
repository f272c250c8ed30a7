// What a rendered crop becomes in a batch: a box inside its margin, mirrored, with small errors of calibration as scanners
// have them. D, H, W voxels of the box; the rendered crop is `margin` voxels larger on every side.
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { Random } from '../phantom/random.ts'

/** Voxels on every side within which the box moves. */
export const margin = 2

export interface PhantomCrop {
  /** HU [D,H,W] at the network's spacing. */
  readonly hu: Float32Array
  /** 1 where a nodule is. */
  readonly mask: Uint8Array
}

/** `shape` with `border` voxels more on every side. */
export function bordered(shape: Triple, border: number): Triple {
  return [shape[0] + 2 * border, shape[1] + 2 * border, shape[2] + 2 * border]
}

export function withMargin(shape: Triple): Triple {
  return bordered(shape, margin)
}

/** Which axes may be mirrored: with the patient upright only W; a nodule by itself has no upright. */
export type Mirrors = 'patient' | 'nodule'

/** How a box is taken out of a crop with a border: where, mirrored along which axes, and with what calibration. */
interface View {
  readonly offset: readonly number[]
  readonly flip: readonly boolean[]
  readonly gain: number
  readonly shiftHu: number
}

function drawView(shape: Triple, border: number, mirrors: Mirrors, random: Random): View {
  const offset = shape.map(() => random.below(2 * border + 1))
  const flip = shape.map((_, axis) => random.chance(0.5) && (axis === 2 || mirrors === 'nodule'))
  return { offset, flip, gain: random.uniform(0.97, 1.03), shiftHu: random.normal(0, 12) }
}

/** Calls `take(to, from)` with the flat indices of each voxel of the box and of the crop around it. */
function eachVoxel(
  shape: Triple,
  border: number,
  { offset, flip }: View,
  take: (to: number, from: number) => void,
): void {
  const [D, H, W] = shape
  const [fullH, fullW] = [H + 2 * border, W + 2 * border]
  let i = 0
  for (let d = 0; d < D; d++) {
    const sourceD = offset[0] + (flip[0] ? D - 1 - d : d)
    for (let h = 0; h < H; h++) {
      const sourceH = offset[1] + (flip[1] ? H - 1 - h : h)
      const row = (sourceD * fullH + sourceH) * fullW + offset[2]
      for (let w = 0; w < W; w++, i++) take(i, row + (flip[2] ? W - 1 - w : w))
    }
  }
}

/** A box of `shape` out of a crop that is `withMargin(shape)`. */
export function augment(crop: PhantomCrop, shape: Triple, mirrors: Mirrors, random: Random): PhantomCrop {
  const view = drawView(shape, margin, mirrors, random)
  const hu = new Float32Array(voxelCount(shape))
  const mask = new Uint8Array(hu.length)
  eachVoxel(shape, margin, view, (to, from) => {
    hu[to] = (crop.hu[from] + 1000) * view.gain - 1000 + view.shiftHu
    mask[to] = crop.mask[from]
  })
  return { hu, mask }
}

/** The same for HU alone, out of a crop with a border of `border` voxels: one view of pretraining, the patient upright. */
export function augmentView(
  crop: Float32Array | Int16Array,
  shape: Triple,
  border: number,
  random: Random,
): Float32Array {
  const view = drawView(shape, border, 'patient', random)
  const hu = new Float32Array(voxelCount(shape))
  eachVoxel(shape, border, view, (to, from) => {
    hu[to] = (crop[from] + 1000) * view.gain - 1000 + view.shiftHu
  })
  return hu
}
