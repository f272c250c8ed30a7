// What the attention lab paints over a scan: values, classes or marks on a coarse grid that fills a crop. The viewer draws
// it as it is, cell by cell, on all planes and in 3-D.
import type { Triple } from '../base/shape.ts'
import type { LabCrop } from './labCrop.ts'

/** What a cell is, beside its value: drawn as hatching, a ring, or darkness. */
export const MARK = { none: 0, masked: 1, hint: 2, dropped: 3 } as const

export interface CellMarks {
  readonly shape: Triple
  /** Codes of `MARK`. [d,h,w] */
  readonly codes: Uint8Array
}

export interface CropPainting {
  readonly crop: LabCrop
  /** Values in magma; `range` is what black and white stand for. [d,h,w] */
  readonly map?: {
    readonly shape: Triple
    readonly values: Float32Array
    readonly range: readonly [number, number]
  }
  /** Classes in the qualitative colours, 0 is none. [d,h,w] */
  readonly classes?: { readonly shape: Triple; readonly labels: Uint8Array }
  readonly marks?: CellMarks
  /** Two masks as outlines, bit 1 the truth (solid), bit 2 what a model says (dashed). [d,h,w] */
  readonly outlines?: { readonly shape: Triple; readonly codes: Uint8Array }
}

/** 0…255 for the viewer's texture. */
export function mapBytes({ values, range: [low, high] }: NonNullable<CropPainting['map']>): Uint8Array {
  const scale = high > low ? 255 / (high - low) : 0
  return Uint8Array.from(values, value => Math.max(0, Math.min(255, Math.round((value - low) * scale))))
}
