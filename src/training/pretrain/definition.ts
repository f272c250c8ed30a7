// The pretraining step in the form that every device runs: state in groups, a batch, numbers, reports.
import type * as tf from '@tensorflow/tfjs-core'
import { accumulateNumbers } from '../accumulate.ts'
import { adamWNumbers } from '../optimiser.ts'
import type { StepDefinition } from '../stepGraph.ts'
import { configFor, distillationLosses, isOn, lossNames, type PretrainOptions } from './options.ts'
import type { Tensors } from './passes.ts'
import { passShapes } from './randomInputs.ts'
import type { PretrainRecipe } from './recipe.ts'
import { pretrainStep } from './stepProgram.ts'

/** What the program puts before the names of each group of the state. */
const prefixes = {
  student: 'p.',
  m: 'm.',
  v: 'v.',
  teacher: 't.',
  centres: 'center_',
  gradients: 'g.',
  answers: 'count_',
} as const

function reportNames(options: PretrainOptions): string[] {
  const on = lossNames.filter(name => isOn(options, name))
  const heads = distillationLosses.filter(name => isOn(options, name))
  return [
    ...on,
    ...(isOn(options, 'amip') ? ['amip_of_mean'] : []),
    ...heads.flatMap(head => [`entropy_${head}`, `spread_${head}`]),
    'feature_spread',
    'teacher_distance',
  ]
}

/** `shapes`: those of `stateShapes`, with the sums `gradients` and `answers` where passes are accumulated. */
export function pretrainDefinition(
  shapes: StepDefinition['state'],
  recipe: PretrainRecipe,
  options: PretrainOptions,
): StepDefinition {
  const config = configFor(recipe.config, options)
  const program = pretrainStep({ config, options })
  const accumulating = options.accumulate > 1 ? accumulateNumbers : []
  return {
    state: shapes,
    batch: Object.fromEntries(
      Object.entries(passShapes(config, recipe.cropShape, options)).map(([name, shape]) => [
        name,
        { shape, dtype: 'float32' as const },
      ]),
    ),
    numbers: [...adamWNumbers, 'teacherTemperature', 'momentum', ...accumulating],
    update({ state, batch, numbers }) {
      const inputs: Tensors = { ...batch, ...numbers }
      const flat = (group: string, name: string) => prefixes[group as keyof typeof prefixes] + name
      for (const [group, tensors] of Object.entries(state))
        for (const [name, tensor] of Object.entries(tensors)) inputs[flat(group, name)] = tensor
      const result = program(inputs)
      const updated = Object.entries(shapes).map(([group, members]) => [
        group,
        Object.fromEntries(
          Object.keys(members).flatMap(name => {
            const value = result[flat(group, name)]
            return value ? [[name, value]] : []
          }),
        ),
      ])
      const reported = reportNames(options).map(name => [name, result[name]])
      return {
        state: Object.fromEntries(updated) as StepDefinition['state'] & Record<string, Tensors>,
        reports: {
          loss: result.total as tf.Scalar,
          ...(Object.fromEntries(reported) as Record<string, tf.Scalar>),
        },
      }
    },
  }
}
