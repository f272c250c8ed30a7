// What a pretraining run may be asked for: SMART itself, and the papers' alternatives as settings of the same step.
import { InputError } from '../../base/errors.ts'
import type { Triple } from '../../base/shape.ts'
import { semanticStage, type NetworkConfig, type SemanticStage } from '../../network/config.ts'
import { maskedRanks } from '../../tokens/tokenDraw.ts'
import type { NetworkParts } from '../../network/parameters.ts'

/**
 * How the tokens that the student does not see are chosen: the most attended below the hints (SMART), the least attended
 * (MST), single ones at random, in random cubes of 16³ voxels (SMIT), in random boxes (iBOT), or none. All hide the same
 * number of tokens.
 */
export type Masking = 'attention' | 'low-attention' | 'random' | 'cube' | 'block' | 'none'
export const maskings: readonly Masking[] = ['attention', 'low-attention', 'random', 'cube', 'block', 'none']

export type LossName = 'amip' | 'ampd' | 'aitd' | 'gitd'
export const lossNames: readonly LossName[] = ['amip', 'ampd', 'aitd', 'gitd']
/** The losses that the teacher takes part in. */
export const distillationLosses = ['ampd', 'aitd', 'gitd'] as const

export interface PretrainOptions {
  readonly masking: Masking
  /** r and s: tokens of attention rank in [⌊sN⌋, ⌊rN⌋) are hidden, so r − s of them. */
  readonly maskRatio: number
  readonly hintRatio: number
  /** rt: share of its patch tokens that the teacher does not see; 0 for a teacher without noise. */
  readonly teacherDropRatio: number
  /**
   * Stage whose tokens semantic attention reads, or null for none: AITD then compares the mean stage-3 token, as SMIT
   * does, and there is no attention to mask by.
   */
  readonly semanticStage: SemanticStage | null
  /** Weight of each loss; 0 leaves it out: it is not computed and trains nothing. */
  readonly lossWeights: Readonly<Record<LossName, number>>
  readonly studentTemperature: number
  /** From the first to the second over `temperatureWarmupSteps` updates. */
  readonly teacherTemperatures: readonly [number, number]
  readonly temperatureWarmupSteps: number
  readonly centreMomentum: number
  /** Momentum of the teacher at the first update; a cosine brings it to 1. */
  readonly teacherMomentum: number
  /** Stochastic depth of the student's last block; blocks before it have less. */
  readonly dropPathRate: number
  readonly learningRate: number
  readonly warmupSteps: number
  readonly weightDecay: number
  /** Updates of the whole run; the schedules end there. */
  readonly steps: number
  /** Crops of one pass; each is seen in two views. */
  readonly batch: number
  /** Passes whose gradients make one update. */
  readonly accumulate: number
  readonly seed: number
}

/** SPEC section 6 and the paper's settings; warm-ups are the paper's share of its 800 epochs. */
export function defaultOptions(steps: number): PretrainOptions {
  return {
    masking: 'attention',
    maskRatio: 0.7,
    hintRatio: 0.1,
    teacherDropRatio: 0.7,
    semanticStage: 3,
    lossWeights: { amip: 1, ampd: 0.1, aitd: 0.1, gitd: 0.1 },
    studentTemperature: 0.1,
    teacherTemperatures: [0.04, 0.07],
    temperatureWarmupSteps: Math.max(1, Math.round((steps * 30) / 800)),
    centreMomentum: 0.9,
    teacherMomentum: 0.996,
    dropPathRate: 0.1,
    learningRate: 8e-4,
    warmupSteps: Math.round((steps * 80) / 800),
    weightDecay: 0.01,
    steps,
    batch: 2,
    accumulate: 1,
    seed: 1,
  }
}

function refuse(what: string, value: unknown, expected: string): never {
  throw new InputError(`The pretraining has ${what} = ${JSON.stringify(value)}, but ${expected} is expected.`)
}

function requireRange(what: string, value: number, low: number, high: number, text: string): void {
  if (!(Number.isFinite(value) && value >= low && value <= high)) refuse(what, value, text)
}

function requireCount(what: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least || value > 2 ** 31 - 1)
    refuse(what, value, `a whole number of at least ${least}`)
}

function requireMasking({ masking, maskRatio: r, hintRatio: s, semanticStage }: PretrainOptions): void {
  if (!maskings.includes(masking)) refuse('masking', masking, `one of ${maskings.join(', ')}`)
  requireRange('the mask ratio r', r, 0, 1, 'a share from 0 to 1')
  requireRange('the hint ratio s', s, 0, 1, 'a share from 0 to 1')
  if (r <= s)
    throw new InputError(
      `The mask ratio r = ${r} is not above the hint ratio s = ${s}, so no token would be masked; choose r above s, for example 0.7 and 0.1.`,
    )
  if (semanticStage === null && (masking === 'attention' || masking === 'low-attention'))
    throw new InputError(
      `Masking by ${masking} needs the attention map, but semantic attention is off; switch it on, or choose random, cube, block or none.`,
    )
  if (semanticStage !== null && ![1, 2, 3, 4].includes(semanticStage))
    refuse('semantic attention at stage', semanticStage, 'a stage from 1 to 4, or off')
}

function requireLosses({ lossWeights }: PretrainOptions): void {
  for (const name of lossNames)
    requireRange(`the weight of ${name.toUpperCase()}`, lossWeights[name], 0, 1e6, 'a number of at least 0')
  if (lossNames.every(name => lossWeights[name] === 0))
    throw new InputError(
      'All four losses are off, so there is nothing to learn; give at least one of them a weight above 0.',
    )
}

/** @throws InputError in a sentence for what makes no run. */
export function requireOptions(options: PretrainOptions): void {
  requireCount('the number of steps', options.steps, 1)
  requireCount('the batch', options.batch, 1)
  requireCount('the number of accumulated passes', options.accumulate, 1)
  requireCount('the seed', options.seed, 0)
  requireMasking(options)
  requireLosses(options)
  const share = 'a share from 0 up to 1, 1 not included'
  const belowOne = 1 - 1e-9
  requireRange('the teacher’s drop ratio rt', options.teacherDropRatio, 0, belowOne, share)
  requireRange('the rate of stochastic depth', options.dropPathRate, 0, belowOne, share)
  requireRange('the teacher’s momentum', options.teacherMomentum, 0, 1, 'a share from 0 to 1')
  requireRange('the centres’ momentum', options.centreMomentum, 0, 1, 'a share from 0 to 1')
  for (const [name, value] of [
    ['the student’s temperature', options.studentTemperature],
    ['the teacher’s first temperature', options.teacherTemperatures[0]],
    ['the teacher’s last temperature', options.teacherTemperatures[1]],
    ['the learning rate', options.learningRate],
  ] as const)
    requireRange(name, value, 1e-9, 1e3, 'a number above 0')
  requireRange('the weight decay', options.weightDecay, 0, 10, 'a number from 0 to 10')
  requireCount('the warm-up', options.warmupSteps, 0)
  requireCount('the temperature’s warm-up', options.temperatureWarmupSteps, 0)
}

/** @throws InputError when a crop has a side that the reconstruction head cannot take. */
export function requireCropShape(shape: Triple): void {
  if (shape.some(side => !Number.isInteger(side) || side < 32 || side % 32 !== 0))
    throw new InputError(
      `The crop is ${shape.join(' × ')} voxels, but every side must be a multiple of 32; choose for example 32 or 64.`,
    )
}

export function isOn(options: PretrainOptions, loss: LossName): boolean {
  return options.lossWeights[loss] > 0
}

/** Whether the mask comes out of the teacher's attention; otherwise it is an input of the step. */
export function masksByAttention({ masking }: PretrainOptions): boolean {
  return masking === 'attention' || masking === 'low-attention'
}

/** Tokens that are hidden of N, the same number whatever chooses them. */
export function hiddenTokens({ masking, maskRatio, hintRatio }: PretrainOptions, N: number): number {
  if (masking === 'none') return 0
  const [first, end] = maskedRanks(N, maskRatio, hintRatio)
  return end - first
}

/** The network's configuration with the stage that the options name. */
export function configFor(config: NetworkConfig, options: PretrainOptions): NetworkConfig {
  const stage = options.semanticStage ?? 3
  return semanticStage(config) === stage - 1 ? config : { ...config, sa_stage: stage }
}

/** The parts of the student; the teacher has no reconstruction head. */
export function partsFor(options: PretrainOptions): NetworkParts {
  return { sa: options.semanticStage !== null, projectionHeads: true, recHead: isOn(options, 'amip') }
}
