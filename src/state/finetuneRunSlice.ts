// What a fine-tuning run shows while it goes on: what it says of a few held-out cases after each epoch. Voxels are held
// outside.
import { centreCrop } from '../training/finetune/augmentBox.ts'
import { diceOverlap } from '../training/metrics.ts'
import type { FinetuneMessage } from '../worker/finetuneProtocol.ts'
import type { HeldCrops, HeldExample } from '../worker/heldTraining.ts'
import type { SliceOf } from './store.ts'

/** When examples were taken; 0-based. */
export type ExampleTime = Pick<FinetuneMessage, 'stage' | 'fold' | 'epoch'>

export interface FinetuneRunSlice {
  readonly exampleTime: ExampleTime | null
  /** Raised with each new set; the pictures are in `held.training.examples`. */
  readonly examplesSerial: number
  finetuneMessage(message: FinetuneMessage): void
  clearExamples(): void
}

/** The part of a case's box that the network sees, and what it said of it. */
export function exampleOf(
  { at, probabilities, mask }: FinetuneMessage['examples'][number],
  { crops, shape }: HeldCrops,
): HeldExample {
  const { hu, mask: truth } = centreCrop(crops, at, shape)
  const dice = mask && truth && crops.cases[at].hasMask ? diceOverlap(mask, truth) : null
  return { at, shape, hu, truth, mask, probabilities, dice }
}

export const createFinetuneRunSlice: SliceOf<FinetuneRunSlice> =
  ({ held }) =>
  (set, get) => ({
    exampleTime: null,
    examplesSerial: 0,

    finetuneMessage({ stage, fold, epoch, examples }) {
      const { crops } = held.training
      if (!crops) return
      held.training.examples = examples.map(example => exampleOf(example, crops))
      set({ exampleTime: { stage, fold, epoch }, examplesSerial: get().examplesSerial + 1 })
    },

    clearExamples() {
      held.training.examples = []
      set({ exampleTime: null })
    },
  })
