// The settings of a pretraining run as a person reads them.
import { isOn, lossNames } from './options.ts'
import type { PretrainSettings } from './runRecord.ts'

export interface NamedValue {
  readonly name: string
  readonly value: string
}

const share = (value: number) => String(Number(value.toFixed(3)))

/** In the order of importance. */
export function describePretraining({
  preset,
  recipe,
  options,
  data,
  caseCount,
}: PretrainSettings): NamedValue[] {
  const { cropShape, spacingMm } = recipe
  const masks =
    options.masking === 'none'
      ? 'none'
      : `${options.masking}, r ${share(options.maskRatio)}, s ${share(options.hintRatio)}`
  const losses = lossNames
    .filter(name => isOn(options, name))
    .map(name => `${name.toUpperCase()} × ${share(options.lossWeights[name])}`)
  const passes = options.accumulate > 1 ? `, ${options.accumulate} passes an update` : ''
  return [
    { name: 'Preset', value: preset },
    { name: 'Data', value: `${data.join(', ')} (${caseCount} case${caseCount === 1 ? '' : 's'})` },
    { name: 'Crop', value: `${cropShape.join(' × ')} of ${spacingMm.map(share).join(' × ')} mm` },
    { name: 'Masks', value: masks },
    { name: 'Teacher noise', value: options.teacherDropRatio > 0 ? share(options.teacherDropRatio) : 'off' },
    {
      name: 'Semantic attention',
      value: options.semanticStage === null ? 'off' : `stage ${options.semanticStage}`,
    },
    { name: 'Losses', value: losses.join(', ') },
    {
      name: 'Updates',
      value: `${options.steps}, ${options.batch} crop${options.batch === 1 ? '' : 's'} a pass${passes}`,
    },
    { name: 'Learning rate', value: `${options.learningRate}, weight decay ${options.weightDecay}` },
    { name: 'Seed', value: String(options.seed) },
  ]
}
