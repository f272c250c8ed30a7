// AdamW and the momentum update on WebGPU: one tensor, an arena of many, in place and in parts.
import { describe, expect, it } from 'vitest'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { adamW, adamWKernel, type AdamWOptions } from './adamW.ts'
import { evaluateOn, runPlainly, type HostArray } from './kernelTestSupport.ts'
import { momentumUpdate, momentumUpdateKernel } from './momentumUpdate.ts'
import { expectClose, sample } from './testSupport.ts'
import { packTensors } from './updateSteps.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

const options: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 }
const attributes = { ...options }

/** Parameter, m, v, gradient of `count` elements, and [learning rate, c1, c2] of step 3. */
function adamWInputs(count: number): HostArray[] {
  const shape = [count]
  const arrays = [sample(count, 1), sample(count, 2), sample(count, 3).map(Math.abs), sample(count, 4)]
  // A gradient of nothing but rounding noise, and none at all, are updated too.
  arrays[3][0] = 0
  return [
    ...arrays.map(data => ({ data, shape })),
    { data: Float32Array.of(1e-3, 1 - 0.9 ** 3, 1 - 0.999 ** 3), shape: [3] },
  ]
}

/** The update in double precision, as PyTorch's documentation words it. */
function adamWPlainly(inputs: readonly HostArray[]): Float64Array[] {
  const [p, m, v, g, [rate, correction1, correction2]] = inputs.map(({ data }) => Float64Array.from(data))
  p.forEach((value, i) => {
    m[i] = options.beta1 * m[i] + (1 - options.beta1) * g[i]
    v[i] = options.beta2 * v[i] + (1 - options.beta2) * g[i] ** 2
    const denominator = Math.sqrt(v[i]) / Math.sqrt(correction2) + options.epsilon
    p[i] = value * (1 - rate * options.weightDecay) - ((rate / correction1) * m[i]) / denominator
  })
  return [p, m, v]
}

describe.skipIf(!gpu)('AdamW', () => {
  it.each([1, 7, 64, 1000])('of %i elements follows SPEC 7, copied and in place', async count => {
    const want = adamWPlainly(adamWInputs(count))
    for (const inPlace of [{}, { 0: 0, 1: 1, 2: 2 }, { 1: 1 }] as Record<number, number>[]) {
      const got = await runPlainly(gpu!.device, adamWKernel, adamWInputs(count), attributes, { inPlace })
      got.forEach((values, i) => expectClose(values, want[i], 2e-6))
    }
  })

  it('agrees with its reference as a tfjs kernel, with numbers and with tensors', async () => {
    const inputs = adamWInputs(30).map(({ data, shape }, i) => ({ data, shape: i < 4 ? [6, 5] : shape }))
    const of = (...x: tf.Tensor[]) => {
      const [parameter, m, v, gradient] = x
      const next = adamW({ parameter, m, v }, gradient, tf.scalar(1e-3), [0.271, tf.scalar(0.003)], options)
      return [next.parameter, next.m, next.v]
    }
    const want = await evaluateOn('cpu', of, inputs)
    const got = await evaluateOn('webgpu', of, inputs)
    got.forEach((values, i) => expectClose(values, want[i], 2e-6))
  })

  it('of an arena is the update of each of its tensors, whole and in parts', async () => {
    const shapes = { 'a.weight': [13, 7], 'a.bias': [7], token: [1, 1, 3], 'b.weight': [40, 20] }
    const { first, length } = packTensors(shapes)
    expect(first).toEqual({ 'a.weight': 0, 'a.bias': 128, token: 192, 'b.weight': 256 })
    expect(length).toBe(256 + 832)
    const inputs = adamWInputs(length)
    const inPlace = { 0: 0, 1: 1, 2: 2 }
    const whole = await runPlainly(gpu!.device, adamWKernel, inputs, attributes, { inPlace })
    const run = { inPlace, mostBindingBytes: 2000 }
    const parts = await runPlainly(gpu!.device, adamWKernel, adamWInputs(length), attributes, run)
    expect(parts.map(values => Array.from(values))).toEqual(whole.map(values => Array.from(values)))
    for (const [name, shape] of Object.entries(shapes)) {
      const count = shape.reduce((a, b) => a * b)
      const own = inputs.map(({ data }, i) =>
        i === 4
          ? { data, shape: [3] }
          : { data: Float32Array.from(data.subarray(first[name], first[name] + count)), shape },
      )
      const alone = await runPlainly(gpu!.device, adamWKernel, own, attributes)
      alone.forEach((values, i) =>
        expectClose(whole[i].subarray(first[name], first[name] + count), values, 1e-7),
      )
    }
  })

  it('refuses a gradient of another shape in a sentence', () => {
    expect(() => adamWKernel.shapes([[6, 5], [6, 5], [6, 5], [30], [3]], {})).toThrow(
      'adamW: expected a gradient of shape [6, 5], got [30].',
    )
  })
})

describe.skipIf(!gpu)('the momentum update', () => {
  it.each([5, 1000])('of %i elements follows SPEC 6, copied, in place and in parts', async count => {
    const [teacher, student] = [sample(count, 1), sample(count, 2)].map(data => ({ data, shape: [count] }))
    const momentum = { data: Float32Array.of(0.9964), shape: [] }
    const want = teacher.data.map((value, i) => 0.9964 * value + (1 - 0.9964) * student.data[i])
    for (const run of [{}, { inPlace: { 0: 0 } }, { mostBindingBytes: 1100 }]) {
      const inputs = [teacher, student, momentum]
      const [got] = await runPlainly(gpu!.device, momentumUpdateKernel, inputs, {}, run)
      expectClose(got, want, 1e-6)
    }
    const of = (t: tf.Tensor, s: tf.Tensor) => [momentumUpdate(t, s, 0.9964)]
    expectClose((await evaluateOn('webgpu', of, [teacher, student]))[0], want, 1e-6)
  })
})
