// Every kernel that can be traced, alone and with its gradient, compiled for WebGPU against tfjs's CPU backend, at
// WebGPU's default limits.
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { inputsOf, kernelCases, withGradients } from '../kernelCases.ts'
import { expectClose, runEagerly, sample } from '../testSupport.ts'
import type { TestFunction } from '../testSupport.ts'
import { traceGraph } from '../trace.ts'
import type { InputSpec } from '../trace.ts'
import type { FeedData } from '../session.ts'
import { compilePlan } from './plan.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../../cli/support/nodeGpu.ts')
  .then(module => module.requestNodeDevice({ limits: 'default' }))
  .catch(() => undefined)

const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))

async function expectPlanEqualsTfjs(
  fn: TestFunction,
  specs: Record<string, InputSpec>,
  values: Record<string, FeedData>,
  tolerance: number,
) {
  const wanted = await runEagerly(fn, specs, values)
  const plan = await compilePlan(traceGraph(fn, specs), gpu!.device)
  const got = await plan.run(values)
  plan.release()
  expect(complaints).toEqual([])
  expectClose(got, wanted, tolerance)
  return plan.report
}

// The processor's functions are exact to the last bit or two; WGSL allows exp, sin and their kin a few units more, and
// a quotient 2.5.
const gpuTolerance = 1e-5
// WGSL promises 2⁻¹¹ absolutely for sines, and drivers use it; tangents divide by a cosine; arc cosines are promised to
// 7e-5.
const looseTolerance: Readonly<Record<string, number>> = {
  sin: 1e-3,
  cos: 1e-3,
  tan: 4e-3,
  'asin, acos and atanh': 1e-4,
}

describe.skipIf(!gpu)('compiled for WebGPU', () => {
  describe.each(Object.entries(kernelCases))('%s equal tfjs', (_, cases) => {
    it.each(cases)('$name', async each => {
      const { specs, values } = inputsOf(each)
      await expectPlanEqualsTfjs(
        withGradients(each),
        specs,
        values,
        looseTolerance[each.name] ?? gpuTolerance,
      )
    })
  })

  const float = (...shape: number[]): InputSpec => ({ shape, dtype: 'float32' })

  it('fuses a chain that is broadcast, turned, cut and reshaped into one program', async () => {
    const specs = { a: float(4, 3, 8), b: float(8, 6), c: float(3, 1) }
    const values = Object.fromEntries(
      Object.entries(specs).map(([name, { shape }], at) => [name, sample(shape, at + 1)]),
    )
    const report = await expectPlanEqualsTfjs(
      ({ a, b, c }) => {
        const turned = tf.slice(tf.transpose(b), [1, 0], [4, 8]) // [4, 8]
        const sum = tf.add(tf.mul(a, c), tf.expandDims(turned, 1))
        return { y: tf.tanh(tf.reshape(tf.reverse(sum, 2), [2, 2, 3, 8])) }
      },
      specs,
      values,
      gpuTolerance,
    )
    expect(report.dispatches).toBe(1)
  })

  it('cuts long reductions into slices, over inner and outer axes', async () => {
    const specs = { x: float(301, 7, 130) }
    const values = { x: sample(specs.x.shape) }
    await expectPlanEqualsTfjs(
      ({ x }) => ({
        all: tf.mean(tf.square(x)),
        inner: tf.sum(x, [1, 2]),
        outer: tf.sum(tf.abs(x), [0, 1]),
        middle: tf.max(x, [1]),
      }),
      specs,
      values,
      gpuTolerance,
    )
  })

  it('binds at most eight buffers to a program however many a chain reads', async () => {
    const specs = Object.fromEntries(Array.from({ length: 19 }, (_, at) => [`x${at}`, float(5, 7)]))
    const values = Object.fromEntries(Object.keys(specs).map((name, at) => [name, sample([5, 7], at + 1)]))
    await expectPlanEqualsTfjs(
      inputs => ({ y: Object.values(inputs).reduce((sum, x) => tf.add(tf.mul(sum, 0.5), x)) }),
      specs,
      values,
      gpuTolerance,
    )
  })
})
