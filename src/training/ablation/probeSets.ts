// The nodules that features are judged on: phantom nodules, painted alone, as labelled cases with their crops.
import { planPhantom } from '../../phantom/anatomy.ts'
import { phantomBenchV1, seedsOf } from '../../phantom/split.ts'
import { normaliseHu } from '../../tokens/normalise.ts'
import { cropPhantom, type Split } from '../phantomCrops.ts'
import type { PretrainRecipe } from '../pretrain/recipe.ts'
import type { LabelledCase } from './probeProtocol.ts'

export interface ProbeCase extends LabelledCase {
  /** Normalised, [D·H·W] of the recipe's crop. */
  readonly crop: Float32Array
}

/** The crops centred on every nodule of the first `phantoms` phantoms of a split. */
export function phantomNodules(split: Split, phantoms: number, recipe: PretrainRecipe): ProbeCase[] {
  return seedsOf(phantomBenchV1[split], phantoms).flatMap(seed => {
    const plan = planPhantom(seed)
    return plan.nodules.map(({ centreRasMm, malignant, volumeMm3 }) => {
      const { hu } = cropPhantom(plan, centreRasMm, recipe.cropShape, recipe.spacingMm)
      return {
        group: `phantom ${seed}`,
        isMalignant: malignant,
        volumeMm3,
        isIndeterminate: false,
        crop: normaliseHu(hu, recipe.huWindow, recipe.outputRange, hu),
      }
    })
  })
}
