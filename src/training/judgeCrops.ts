// The classifier on crops centred on a phantom's true nodules, rendered alone: many more nodules in the time of a scan.
import type { NetworkEntry } from '../network/model.ts'
import { planPhantom } from '../phantom/anatomy.ts'
import { normaliseHu } from '../tokens/normalise.ts'
import type { JudgedNodule } from './evaluate.ts'
import { cropPhantom } from './phantomCrops.ts'

/** What is known of a nodule without a detection. */
export interface JudgedCrop {
  readonly nodules: readonly Omit<JudgedNodule, 'isFound' | 'dice'>[]
}

/** `classify` takes a normalised crop [D,H,W] of the entry's shape and spacing and gives the probability of malignancy. */
export async function judgeCrops(
  seed: number,
  { shape, spacingMm, huWindow, outputRange }: NetworkEntry,
  classify: (crop: Float32Array) => Promise<number>,
): Promise<JudgedCrop> {
  const plan = planPhantom(seed)
  const nodules: JudgedCrop['nodules'][number][] = []
  for (const { centreRasMm, radiusMm, malignant, likelihoodRatio } of plan.nodules) {
    const { hu } = cropPhantom(plan, centreRasMm, shape, spacingMm)
    const malignancy = await classify(normaliseHu(hu, huWindow, outputRange, hu))
    nodules.push({ diameterMm: 2 * radiusMm, malignant, likelihoodRatio, malignancy })
  }
  return { nodules }
}
