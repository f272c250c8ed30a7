// What a run says of a few cases that it does not learn from, with the crops that its network sees.
import type { Triple } from '../base/shape.ts'
import { boxOf, centreBox } from '../training/finetune/augmentBox.ts'
import { diceOverlap } from '../training/metrics.ts'
import type { ExamplesMessage, OutlinesMessage } from '../worker/finetuneProtocol.ts'
import type { HeldCrops } from '../worker/heldTraining.ts'

export interface RunExample {
  /** Index into the crop set. */
  readonly at: number
  readonly shape: Triple
  /** HU, [D,H,W] of `shape`, as are the masks. */
  readonly hu: Float32Array
  readonly truth: Uint8Array | null
  readonly mask: Uint8Array | null
  readonly probabilities: readonly number[] | null
  readonly label: string | null
  /** Null where nothing was outlined or the truth is not known. */
  readonly dice: number | null
}

const isOfKind = (message: unknown, kind: string) =>
  (message as { readonly kind?: string } | null)?.kind === kind

export const isExamples = (message: unknown): message is ExamplesMessage => isOfKind(message, 'examples')
export const isOutlines = (message: unknown): message is OutlinesMessage => isOfKind(message, 'outlines')

export function examplesOf({ examples }: ExamplesMessage, { crops, shape }: HeldCrops): RunExample[] {
  return examples
    .filter(({ at }) => at < crops.cases.length)
    .map(({ at, probabilities, mask }) => {
      const { label: index } = crops.cases[at]
      const { hu, mask: truth } = centreBox(boxOf(crops, at), shape)
      const dice = mask && truth ? diceOverlap(mask, truth) : null
      const label = index === null ? null : crops.classes[index]
      return { at, shape, hu, truth, mask, probabilities, label, dice }
    })
}
