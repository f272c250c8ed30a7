// What the ablation compares: the papers' ways of pretraining as options of the same step, on the same crops and for the
// same number of updates, beside a network that was not pretrained at all.
import { defaultOptions, type PretrainOptions } from '../pretrain/options.ts'
import { pretrainRecipe, type PretrainRecipe } from '../pretrain/recipe.ts'

export type VariantName = 'smart' | 'random-masks' | 'clean-teacher' | 'no-semantic-attention' | 'scratch'

export interface Variant {
  readonly name: VariantName
  readonly title: string
  /** What differs from full SMART; null where nothing is pretrained. */
  readonly changes: Partial<PretrainOptions> | null
}

/** Full SMART first: the others are compared with it. */
export const variants: readonly Variant[] = [
  { name: 'smart', title: 'full SMART', changes: {} },
  {
    name: 'random-masks',
    title: 'SMIT-like: random masks, clean teacher, no semantic attention, no GITD',
    changes: {
      masking: 'random',
      teacherDropRatio: 0,
      semanticStage: null,
      lossWeights: { amip: 1, ampd: 0.1, aitd: 0.1, gitd: 0 },
    },
  },
  { name: 'clean-teacher', title: 'no noise in the teacher', changes: { teacherDropRatio: 0 } },
  {
    name: 'no-semantic-attention',
    title: 'no semantic attention (random masks, mean token for the image)',
    changes: { semanticStage: null, masking: 'random' },
  },
  { name: 'scratch', title: 'from scratch (not pretrained)', changes: null },
]

/** What all variants share; it is written down at the first call and stays for those that continue it. */
export interface AblationPlan {
  readonly schemaVersion: 1
  readonly steps: number
  readonly batch: number
  readonly learningRate: number
  /** Momentum of the teacher at the start: shorter than the paper's for a short run. */
  readonly teacherMomentum: number
  readonly seeds: number
  /** Phantoms whose nodules the probe learns on and is judged on. */
  readonly probePhantoms: readonly [train: number, test: number]
}

export const defaultPlan: AblationPlan = {
  schemaVersion: 1,
  steps: 400,
  batch: 4,
  learningRate: 1.5e-3,
  teacherMomentum: 0.99,
  seeds: 3,
  probePhantoms: [120, 120],
}

/** The demo preset at the spacing of the nodule cubes, so that what is probed looks like what was learnt. */
export const ablationRecipe: PretrainRecipe = { ...pretrainRecipe('demo'), spacingMm: [1, 1, 1] }

export function optionsOf(variant: Variant, plan: AblationPlan, seed: number): PretrainOptions {
  const { steps, batch, learningRate, teacherMomentum } = plan
  return { ...defaultOptions(steps), batch, learningRate, teacherMomentum, ...variant.changes, seed }
}

/** Folder of one pretraining within the ablation's. */
export function runName({ name }: Variant, seed: number): string {
  return `${name}-seed${seed}`
}
