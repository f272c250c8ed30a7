// The cases that a trained model got most wrong: what it said of each and what is true, in words and as outlines.
import { boxOf } from '../training/finetune/augmentBox.ts'
import { unpackMask } from '../training/finetune/heldOutlines.ts'
import { voxelCount } from '../base/shape.ts'
import type { CropPainting } from '../insight/painting.ts'
import type { PointMm } from '../volume/geometry.ts'
import type { ValidationReport } from '../worker/finetuneProtocol.ts'
import type { HeldCrops } from '../worker/heldTraining.ts'

export interface WorstCase {
  /** Index into the crop set. */
  readonly at: number
  /** What was said of it and what it is. */
  readonly said: string
}

/** As many as are looked at. */
const MOST = 12

const percent = (share: number) => `${Math.round(100 * share)} %`

export function worstCasesOf(report: ValidationReport): WorstCase[] {
  if (report.kind === 'masks')
    return report.worst.slice(0, MOST).map(({ at, dice, before }) => ({
      at,
      said: `Dice ${dice.toFixed(2)}${before === null ? '' : `, before ${before.toFixed(2)}`}`,
    }))
  return report.worst.slice(0, MOST).map(({ at, label, called, probability, isIndeterminate }) => {
    const truth = report.classes[label]
    const doubt = isIndeterminate ? ' (indeterminate)' : ''
    return {
      at,
      said: `called ${report.classes[called]}, is ${truth}${doubt}: probability of ${truth} ${percent(probability)}`,
    }
  })
}

export interface CaseOutlines {
  /** Bit 1 the truth, bit 2 the model's. [D,H,W] of the box */
  readonly codes: Uint8Array
  readonly hasTruth: boolean
  readonly hasOutline: boolean
}

/** Both masks of a box; `bits`: what the model outlined of its middle, packed. */
export function outlinesOf(
  { crops, shape }: HeldCrops,
  at: number,
  bits: Uint8Array | undefined,
): CaseOutlines {
  const { mask } = boxOf(crops, at)
  const codes = mask?.slice() ?? new Uint8Array(voxelCount(crops.shape))
  if (!bits) return { codes, hasTruth: mask !== null, hasOutline: false }
  const inside = unpackMask(bits, voxelCount(shape))
  const border = crops.shape.map((size, axis) => (size - shape[axis]) / 2)
  let from = 0
  for (let d = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++) {
      const row = ((d + border[0]) * crops.shape[1] + h + border[1]) * crops.shape[2] + border[2]
      for (let w = 0; w < shape[2]; w++) codes[row + w] |= inside[from++] << 1
    }
  return { codes, hasTruth: mask !== null, hasOutline: inside.includes(1) }
}

export function paintingOf(
  { crops }: HeldCrops,
  { codes }: CaseOutlines,
  centreRasMm: PointMm,
): CropPainting {
  const { shape, spacingMm } = crops
  return { crop: { centreRasMm, shape, spacingMm }, outlines: { shape, codes } }
}
