// One real training step of the large presets on Dawn beside ONNX Runtime: minutes each on a software adapter.
import { describe, expect, it } from 'vitest'
import { requestNodeDevice } from '../../cli/support/nodeGpu.ts'
import { sample, testRuntime } from '../graph/testSupport.ts'
import { initialiseParameters } from '../network/initialise.ts'
import type { ParameterValues } from '../network/parameters.ts'
import { recipeFor } from './recipe.ts'
import { recipeOptions } from './recipeStep.ts'
import { startSupervised, supervisedNumbers, supervisedStep } from './supervisedStep.ts'
import { createTrainStep } from './trainStep.ts'

const isFull = process.env.SMARTFORMER_FULL !== undefined
// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = isFull ? await requestNodeDevice().catch(() => undefined) : undefined
const cpu = await testRuntime()

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))

/** Largest distance between two sets of first moments, relative to each tensor's norm; what cancels has a floor. */
function distance(got: ParameterValues, wanted: ParameterValues): number {
  const floor = 0.1 * Math.max(...Object.values(wanted).map(norm))
  const distances = Object.entries(wanted).map(([name, values]) => {
    const difference = got[name].map((value, at) => value - values[at])
    return norm(difference) / (norm(values) + floor)
  })
  return Math.max(...distances)
}

describe.skipIf(!gpu || !cpu)('a training step at 32³', () => {
  it.each([
    ['small', 'segment'],
    ['base', 'segment'],
    ['base', 'classify'],
  ] as const)(
    'of %s, to %s, has the loss and the gradients of the CPU',
    async (preset, task) => {
      const recipe = { ...recipeFor(task, preset), batch: 1 }
      const options = recipeOptions(task, recipe)
      const definition = supervisedStep(options)
      const start = startSupervised(initialiseParameters(options.shapes, 7))
      const batch = Object.fromEntries(
        Object.entries(definition.batch).map(([name, { shape, dtype }], at) => {
          const values = sample(shape, at + 1)
          return [name, dtype === 'int32' ? Int32Array.from(values, value => (value > 0.5 ? 1 : 0)) : values]
        }),
      )
      const results = []
      for (const runtime of [{ kind: 'plan', device: gpu!.device, label: gpu!.label } as const, cpu!]) {
        const step = await createTrainStep(definition, start, runtime)
        const { loss } = await step.run(batch, supervisedNumbers(0, 1e-3, { ...options, averaging: 0.9 }))
        results.push({ loss, m: (await step.read()).groups.m })
        await step.release()
      }
      const [got, wanted] = results
      // SPEC 11: whole networks agree to 2e-4 in outputs, to 1e-3 in gradients; m is a tenth of the gradient here.
      expect(Math.abs(got.loss - wanted.loss)).toBeLessThan(2e-4 * Math.abs(wanted.loss))
      expect(distance(got.m, wanted.m)).toBeLessThan(1e-3)
    },
    1_800_000,
  )
})
