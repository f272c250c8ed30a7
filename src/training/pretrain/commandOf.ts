// The command of Node that makes a run, for the model's description: what is not said takes its default.
import { defaultOptions, lossNames } from './options.ts'
import { pretrainRecipe } from './recipe.ts'
import type { PretrainSettings } from './runRecord.ts'

/** Volumes are named FOLDER: their names say nothing elsewhere. */
function dataFlags(data: readonly string[]): string[] {
  const phantoms = data.filter(label => label.startsWith('phantom:'))
  return [...phantoms, ...(phantoms.length < data.length ? ['FOLDER'] : [])].map(one => `--data ${one}`)
}

/** Flags with their values and those that would stand without them. */
function flagsOf({ preset, recipe, options }: PretrainSettings): [string, unknown, unknown][] {
  const usual = defaultOptions(options.steps)
  const usualRecipe = pretrainRecipe(preset)
  const weights = (of: typeof options) => lossNames.map(name => `${name}=${of.lossWeights[name]}`).join(',')
  return [
    ['masking', options.masking, usual.masking],
    ['mask-ratio', options.maskRatio, usual.maskRatio],
    ['hint-ratio', options.hintRatio, usual.hintRatio],
    ['teacher-noise', options.teacherDropRatio, usual.teacherDropRatio],
    ['semantic-attention', options.semanticStage ?? 'off', usual.semanticStage],
    ['loss-weights', weights(options), weights(usual)],
    ['student-temperature', options.studentTemperature, usual.studentTemperature],
    ['teacher-temperatures', options.teacherTemperatures.join(','), usual.teacherTemperatures.join(',')],
    ['teacher-momentum', options.teacherMomentum, usual.teacherMomentum],
    ['drop-path', options.dropPathRate, usual.dropPathRate],
    ['lr', options.learningRate, usual.learningRate],
    ['warmup', options.warmupSteps, usual.warmupSteps],
    ['weight-decay', options.weightDecay, usual.weightDecay],
    ['batch', options.batch, usual.batch],
    ['accumulate', options.accumulate, usual.accumulate],
    ['crop', recipe.cropShape[0], usualRecipe.cropShape[0]],
    ['spacing', recipe.spacingMm[0], usualRecipe.spacingMm[0]],
  ]
}

/** Such as `npm run pretrain -- --data phantom:train --preset demo --steps 1400 --seed 1 --batch 4 --out RUN`. */
export function commandOf(settings: PretrainSettings): string {
  const { data, preset, options } = settings
  const changed = flagsOf(settings).filter(([, value, usual]) => value !== usual)
  return [
    'npm run pretrain --',
    ...dataFlags(data),
    `--preset ${preset} --steps ${options.steps} --seed ${options.seed}`,
    ...changed.map(([flag, value]) => `--${flag} ${String(value)}`),
    '--out RUN',
  ].join(' ')
}
