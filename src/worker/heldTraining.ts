// What Train mode holds outside the store: pictures of labelled cases, the boxes that a run reads, what its models outlined.
import type { Triple } from '../base/shape.ts'
import type { CropPainting } from '../insight/painting.ts'
import type { HeldOutline } from './finetuneProtocol.ts'
import type { AugmentedCrop, CaseThumbnail, CropSet } from './labelledProtocol.ts'

/** The boxes of the run that is shown, and what of them its network sees. */
export interface HeldCrops {
  readonly crops: CropSet
  /** The network's crop, the middle of a box. */
  readonly shape: Triple
  /** Null until the run has begun. */
  readonly runId: string | null
}

export interface HeldTraining {
  /** By the index of the case. */
  readonly thumbnails: Map<number, CaseThumbnail>
  crops: HeldCrops | undefined
  /** A case that augmentation is previewed on, and what becomes of it. */
  augmented: readonly AugmentedCrop[]
  /** Outlines over the open scan, while somebody trains. */
  painting: { readonly caseId: string; readonly painting: CropPainting } | undefined
  /** Adds to what models of a run outlined of cases that they had not seen; those of another run are let go. */
  holdOutlines(runId: string, outlines: readonly HeldOutline[]): void
  /** Packed, of the box `at`; undefined where nothing is known of it. */
  outline(at: number): Uint8Array | undefined
}

export function createHeldTraining(): HeldTraining {
  let outlinesOf = ''
  const outlines = new Map<number, Uint8Array>()
  return {
    ...{ thumbnails: new Map(), crops: undefined, augmented: [], painting: undefined },
    holdOutlines(runId, more) {
      if (runId !== outlinesOf) outlines.clear()
      outlinesOf = runId
      for (const { at, bits } of more) outlines.set(at, bits)
    },
    outline: at => outlines.get(at),
  }
}
