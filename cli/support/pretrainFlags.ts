// The settings of a pretraining run on a command line.
import { InputError } from '../../src/base/errors.ts'
import { presets, type SemanticStage } from '../../src/network/config.ts'
import {
  defaultOptions,
  lossNames,
  requireCropShape,
  requireOptions,
  type LossName,
  type Masking,
  type PretrainOptions,
} from '../../src/training/pretrain/options.ts'
import { pretrainRecipe, type Preset, type PretrainRecipe } from '../../src/training/pretrain/recipe.ts'

/** For parseArgs; what is not given takes the paper's value. */
export const pretrainFlags = {
  preset: { type: 'string' },
  steps: { type: 'string' },
  masking: { type: 'string' },
  'mask-ratio': { type: 'string' },
  'hint-ratio': { type: 'string' },
  'teacher-noise': { type: 'string' },
  'semantic-attention': { type: 'string' },
  'loss-weights': { type: 'string' },
  crop: { type: 'string' },
  spacing: { type: 'string' },
  batch: { type: 'string' },
  accumulate: { type: 'string' },
  lr: { type: 'string' },
  warmup: { type: 'string' },
  'weight-decay': { type: 'string' },
  'student-temperature': { type: 'string' },
  'teacher-temperatures': { type: 'string' },
  'teacher-momentum': { type: 'string' },
  'drop-path': { type: 'string' },
  seed: { type: 'string' },
} as const

export type PretrainFlags = { readonly [name in keyof typeof pretrainFlags]?: string }

/** A number. @throws InputError naming the flag. */
export function parseNumber(flag: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InputError(`--${flag} is “${text}”; a number is expected.`)
  return value
}

/** A whole number of at least 1. @throws InputError naming the flag. */
export function parseCount(flag: string, text: string): number {
  const value = parseNumber(flag, text)
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`--${flag} is “${text}”; a whole number of at least 1 is expected.`)
  return value
}

function parseWeights(text: string): Partial<Record<LossName, number>> {
  const weights: Partial<Record<LossName, number>> = {}
  for (const part of text.split(',')) {
    const [name, value = ''] = part.split('=')
    if (!lossNames.includes(name as LossName))
      throw new InputError(
        `--loss-weights names “${name}”; one of ${lossNames.join(', ')} is expected, as in amip=1,ampd=0.1.`,
      )
    weights[name as LossName] = parseNumber('loss-weights', value)
  }
  return weights
}

function parsePair(flag: string, text: string): [number, number] {
  const values = text.split(',').map(part => parseNumber(flag, part))
  if (values.length !== 2)
    throw new InputError(`--${flag} is “${text}”; two numbers are expected, as in 0.04,0.07.`)
  return [values[0], values[1]]
}

/** The preset's recipe with the crop and spacing that were asked for. @throws InputError */
export function readRecipe(flags: PretrainFlags): { preset: Preset; recipe: PretrainRecipe } {
  const preset = flags.preset ?? 'demo'
  if (!(preset in presets))
    throw new InputError(`There is no preset “${preset}”; choose one of ${Object.keys(presets).join(', ')}.`)
  const recipe = pretrainRecipe(preset as Preset)
  const side = flags.crop === undefined ? undefined : parseCount('crop', flags.crop)
  const mm = flags.spacing === undefined ? undefined : parseNumber('spacing', flags.spacing)
  if (mm !== undefined && !(mm >= 0.1 && mm <= 20))
    throw new InputError(`--spacing is ${mm}; a spacing from 0.1 to 20 mm is expected.`)
  const chosen = {
    ...recipe,
    ...(side !== undefined && { cropShape: [side, side, side] as const }),
    ...(mm !== undefined && { spacingMm: [mm, mm, mm] as const }),
  }
  requireCropShape(chosen.cropShape)
  return { preset: preset as Preset, recipe: chosen }
}

/** @throws InputError for what makes no run. */
export function readOptions(flags: PretrainFlags): PretrainOptions {
  const number = (name: keyof PretrainFlags) =>
    flags[name] === undefined ? undefined : parseNumber(name, flags[name])
  const base = defaultOptions(number('steps') ?? 2000)
  const noise = flags['teacher-noise']
  const stage = flags['semantic-attention']
  const temperatures = flags['teacher-temperatures']
  const options: PretrainOptions = {
    ...base,
    masking: (flags.masking ?? base.masking) as Masking,
    maskRatio: number('mask-ratio') ?? base.maskRatio,
    hintRatio: number('hint-ratio') ?? base.hintRatio,
    teacherDropRatio: noise === 'off' ? 0 : (number('teacher-noise') ?? base.teacherDropRatio),
    semanticStage:
      stage === 'off' ? null : ((number('semantic-attention') ?? base.semanticStage) as SemanticStage),
    lossWeights: { ...base.lossWeights, ...parseWeightsOf(flags) },
    batch: number('batch') ?? base.batch,
    accumulate: number('accumulate') ?? base.accumulate,
    learningRate: number('lr') ?? base.learningRate,
    warmupSteps: number('warmup') ?? base.warmupSteps,
    weightDecay: number('weight-decay') ?? base.weightDecay,
    studentTemperature: number('student-temperature') ?? base.studentTemperature,
    teacherTemperatures: temperatures
      ? parsePair('teacher-temperatures', temperatures)
      : base.teacherTemperatures,
    teacherMomentum: number('teacher-momentum') ?? base.teacherMomentum,
    dropPathRate: number('drop-path') ?? base.dropPathRate,
    seed: number('seed') ?? base.seed,
  }
  requireOptions(options)
  return options
}

function parseWeightsOf(flags: PretrainFlags): Partial<Record<LossName, number>> {
  return flags['loss-weights'] === undefined ? {} : parseWeights(flags['loss-weights'])
}
