// What a run says of a few cases that it does not learn from and of the open scan, with the crops that its network sees.
import type { Triple } from '../base/shape.ts'
import { boxOf, centreBox } from '../training/finetune/augmentBox.ts'
import { diceOverlap } from '../training/metrics.ts'
import type { ExamplesMessage, FollowedPrediction, OutlinesMessage } from '../worker/finetuneProtocol.ts'
import type { HeldCrops } from '../worker/heldTraining.ts'

/** A crop with what is said of it and what is known. */
interface ShownCrop {
  readonly shape: Triple
  /** HU, [D,H,W] of `shape`, as are the masks. */
  readonly hu: Int16Array | Float32Array
  readonly truth: Uint8Array | null
  readonly mask: Uint8Array | null
  readonly probabilities: readonly number[] | null
  readonly label: string | null
  /** Null where nothing was outlined or the truth is not known. */
  readonly dice: number | null
}

export interface RunExample extends ShownCrop {
  /** Index into the crop set. */
  readonly at: number
}

/** The open scan among them. */
export interface FollowedExample extends ShownCrop {
  readonly at: number | null
  readonly use: FollowedPrediction['use']
}

const isOfKind = (message: unknown, kind: string) =>
  (message as { readonly kind?: string } | null)?.kind === kind

export const isExamples = (message: unknown): message is ExamplesMessage => isOfKind(message, 'examples')
export const isOutlines = (message: unknown): message is OutlinesMessage => isOfKind(message, 'outlines')

function caseCrop(at: number, { crops, shape }: HeldCrops): Pick<ShownCrop, 'hu' | 'truth' | 'label'> {
  const { label: index } = crops.cases[at]
  const { hu, mask: truth } = centreBox(boxOf(crops, at), shape)
  return { hu, truth, label: index === null ? null : crops.classes[index] }
}

const diceOf = (mask: Uint8Array | null, truth: Uint8Array | null) =>
  mask && truth ? diceOverlap(mask, truth) : null

export function examplesOf({ examples }: ExamplesMessage, held: HeldCrops): RunExample[] {
  return examples
    .filter(({ at }) => at < held.crops.cases.length)
    .map(({ at, probabilities, mask }) => {
      const crop = caseCrop(at, held)
      return { at, shape: held.shape, ...crop, mask, probabilities, dice: diceOf(mask, crop.truth) }
    })
}

/** What the model says of the scan that was open when the run began; null where none is followed. */
export function followedOf({ followed }: ExamplesMessage, held: HeldCrops): FollowedExample | null {
  if (!followed || (followed.at ?? 0) >= held.crops.cases.length) return null
  const { at, use, hu, probabilities, mask } = followed
  const crop = at === null ? { hu: hu!, truth: null, label: null } : caseCrop(at, held)
  return { at, use, shape: held.shape, ...crop, mask, probabilities, dice: diceOf(mask, crop.truth) }
}
