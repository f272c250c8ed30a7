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

export function withMargin(shape: Triple): Triple {
  return [shape[0] + 2 * margin, shape[1] + 2 * margin, shape[2] + 2 * margin]
}

/** Which axes may be mirrored: with the patient upright only W; a nodule by itself has no upright. */
export type Mirrors = 'patient' | 'nodule'

/** A box of `shape` out of a crop that is `withMargin(shape)`. */
export function augment(crop: PhantomCrop, shape: Triple, mirrors: Mirrors, random: Random): PhantomCrop {
  const [D, H, W] = shape
  const [, fullH, fullW] = withMargin(shape)
  const offset = shape.map(() => random.below(2 * margin + 1))
  const flip = shape.map((_, axis) => random.chance(0.5) && (axis === 2 || mirrors === 'nodule'))
  const gain = random.uniform(0.97, 1.03)
  const shiftHu = random.normal(0, 12)
  const hu = new Float32Array(voxelCount(shape))
  const mask = new Uint8Array(hu.length)
  let i = 0
  for (let d = 0; d < D; d++) {
    const sourceD = offset[0] + (flip[0] ? D - 1 - d : d)
    for (let h = 0; h < H; h++) {
      const sourceH = offset[1] + (flip[1] ? H - 1 - h : h)
      const row = (sourceD * fullH + sourceH) * fullW + offset[2]
      for (let w = 0; w < W; w++, i++) {
        const source = row + (flip[2] ? W - 1 - w : w)
        hu[i] = (crop.hu[source] + 1000) * gain - 1000 + shiftHu
        mask[i] = crop.mask[source]
      }
    }
  }
  return { hu, mask }
}
