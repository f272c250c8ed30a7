// A plan as its users see it: state that stays on the device, forecasts, refusals, release.
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { adamW } from '../../kernels/adamW.ts'
import { momentumUpdate } from '../../kernels/momentumUpdate.ts'
import { windowAttention } from '../../kernels/windowAttention.ts'
import { attentionCases, caseInputs } from '../../kernels/testSupport.ts'
import { expectClose, runEagerly, sample } from '../testSupport.ts'
import type { TestFunction } from '../testSupport.ts'
import { traceGraph } from '../trace.ts'
import type { InputSpec } from '../trace.ts'
import { compilePlan, forecastPlan } from './plan.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../../cli/support/nodeGpu.ts')
  .then(module => module.requestNodeDevice({ limits: 'default' }))
  .catch(() => undefined)

const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))
afterEach(() => expect(complaints).toEqual([]))

const float = (...shape: number[]): InputSpec => ({ shape, dtype: 'float32' })

/** A step of gradient descent with momentum on |x w − 1|². */
const descend: TestFunction = ({ x, w, m, rate }) => {
  const loss = (weight: tf.Tensor) =>
    tf.mean(tf.square(tf.sub(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), 1)))
  const { value, grads } = tf.valueAndGrads(loss as (...args: tf.Tensor[]) => tf.Tensor)([w])
  const next = tf.add(tf.mul(m, 0.9), grads[0])
  return { loss: value, w: tf.sub(w, tf.mul(rate, next)), m: next }
}
const descentSpecs = { x: float(6, 4), w: float(4, 3), m: float(4, 3), rate: float() }

describe.skipIf(!gpu)('a plan', () => {
  it('keeps state on the device: a step is fed the batch and reads the loss', async () => {
    const plan = await compilePlan(traceGraph(descend, descentSpecs), gpu!.device, {
      state: { w: 'w', m: 'm' },
    })
    const x = sample([6, 4])
    const rate = Float32Array.of(0.3)
    let wanted = { w: sample([4, 3], 2), m: new Float32Array(12) }
    for (let step = 0; step < 3; step++) {
      const got = await plan.run({ x, rate, ...(step === 0 ? wanted : {}) })
      const eager = await runEagerly(descend, descentSpecs, { x, rate, ...wanted })
      expectClose(got, { loss: eager.loss })
      wanted = { w: eager.w.data as Float32Array<ArrayBuffer>, m: eager.m.data as Float32Array<ArrayBuffer> }
    }
    const state = await plan.readState(['w', 'm'])
    expectClose(state, { w: { data: wanted.w, shape: [4, 3] }, m: { data: wanted.m, shape: [4, 3] } })
    plan.release()
  })

  it('makes no buffer after its first run, and destroys each of them at its end', async () => {
    const device = gpu!.device
    const made = vi.spyOn(device, 'createBuffer')
    const plan = await compilePlan(traceGraph(descend, descentSpecs), device, { state: { w: 'w', m: 'm' } })
    const feeds = { x: sample([6, 4]), rate: Float32Array.of(0.01) }
    await plan.run({ ...feeds, w: sample([4, 3], 2), m: new Float32Array(12) })
    const afterFirst = made.mock.calls.length
    for (let run = 0; run < 99; run++) await plan.run(feeds)
    expect(made.mock.calls.length).toBe(afterFirst)
    const buffers = made.mock.results.map(result => result.value as GPUBuffer)
    const destroyed = buffers.map(buffer => vi.spyOn(buffer, 'destroy'))
    plan.release()
    for (const each of destroyed) expect(each).toHaveBeenCalledOnce()
    made.mockRestore()
  })

  it('carries state over where it cannot be written in place, because the old value is needed elsewhere', async () => {
    // Turned, so that a thread would overwrite what another has still to read.
    const fn: TestFunction = ({ s }) => ({ s: tf.add(tf.transpose(s), 1), sum: tf.sum(s) })
    const plan = await compilePlan(traceGraph(fn, { s: float(2, 2) }), gpu!.device, { state: { s: 's' } })
    expect((await plan.run({ s: Float32Array.of(1, 2, 3, 4) })).sum.data[0]).toBe(10)
    expect((await plan.run({})).sum.data[0]).toBe(14)
    expect(Array.from((await plan.readState(['s'])).s.data)).toEqual([3, 4, 5, 6])
    plan.release()
  })

  it.each([
    ['in place', false],
    ['beside their old values, where those are read afterwards', true],
  ])('updates parameters, moments and averages %s', async (_, isReadAfterwards) => {
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }
    const fn: TestFunction = ({ x, w, m, v, mean, rate, momentum }) => {
      const gradient = tf.sub(w, x)
      const next = adamW({ parameter: w, m, v }, gradient, rate as tf.Scalar, [0.1, 0.001], options)
      const averaged = momentumUpdate(mean, next.parameter, momentum as tf.Scalar)
      const read = tf.sum(tf.mul(next.parameter, isReadAfterwards ? tf.add(w, x) : x))
      return { w: next.parameter, m: next.m, v: next.v, mean: averaged, read }
    }
    const side = 64
    const state = { w: 'w', m: 'm', v: 'v', mean: 'mean' }
    const names = Object.keys(state)
    const specs = Object.fromEntries(['x', ...names].map(name => [name, float(side, side)]))
    const all = { ...specs, rate: float(), momentum: float() }
    const plan = await compilePlan(traceGraph(fn, all, { keepKernels: true }), gpu!.device, { state })
    // The batch and its gradient; a new value beside the old one is a third.
    const arrays = Math.floor(plan.report.forecast.arena / (4 * side * side))
    expect(arrays).toBe(isReadAfterwards ? 3 : 2)
    const feeds = {
      x: sample([side, side]),
      rate: Float32Array.of(0.01),
      momentum: Float32Array.of(0.75),
    }
    let wanted: Record<string, Float32Array> = Object.fromEntries(
      names.map((name, at) => [name, sample([side, side], at + 2).map(Math.abs)]),
    )
    for (let step = 0; step < 3; step++) {
      const got = await plan.run({ ...feeds, ...(step === 0 ? wanted : {}) })
      const { read, ...eager } = await runEagerly(fn, all, { ...feeds, ...wanted })
      expectClose(got, { read }, 1e-5)
      wanted = Object.fromEntries(
        Object.entries(eager).map(([name, { data }]) => [name, data as Float32Array]),
      )
    }
    const shaped = names.map(name => [name, { data: wanted[name], shape: [side, side] }])
    expectClose(await plan.readState(names), Object.fromEntries(shaped))
    plan.release()
  })

  it('runs our kernels whole, their gradients included', async () => {
    const [, shape, attributes] = attentionCases[1]
    const [qkv, bias, table, dy] = caseInputs(shape, attributes)
    const specs = { qkv: float(...shape), bias: float(shape[4]), table: float(343, attributes.heads) }
    const fn: TestFunction = ({ qkv, bias, table }) => {
      const attend = (...list: tf.Tensor[]) =>
        windowAttention(list[0] as tf.Tensor5D, list[1] as tf.Tensor1D, list[2] as tf.Tensor2D, attributes)
      const inputs = [qkv, bias, table]
      const y = attend(...inputs)
      const [dQkv, dBias, dTable] = tf.grads(attend)(inputs, tf.tensor(dy, y.shape))
      return { y, dQkv, dBias, dTable }
    }
    const values = { qkv, bias, table }
    const graph = traceGraph(fn, specs, { keepKernels: true })
    const plan = await compilePlan(graph, gpu!.device)
    expect(plan.report.tasks.map(task => task.label).sort()).toEqual([
      'WindowAttention',
      'WindowAttentionGradient',
    ])
    // The kernels' own tests hold them to tighter bounds; gradients of a few units set the scale.
    expectClose(await plan.run(values), await runEagerly(fn, specs, values), 1e-4)
    plan.release()
  })

  it('forecasts the bytes that it then allocates, before it allocates any', async () => {
    const { device } = gpu!
    const graph = traceGraph(descend, descentSpecs)
    const options = { state: { w: 'w', m: 'm' } }
    const create = vi.spyOn(device, 'createBuffer')
    const forecast = forecastPlan(graph, device, options)
    expect(create).not.toHaveBeenCalled()
    const plan = await compilePlan(graph, device, options)
    await plan.run({ x: sample([6, 4]), w: sample([4, 3]), m: sample([4, 3]), rate: Float32Array.of(0.1) }, [
      'loss',
      'w',
      'm',
    ])
    const allocated = create.mock.calls.reduce((sum, [{ size }]) => sum + size, 0)
    create.mockRestore()
    plan.release()
    expect(forecast.total).toBe(allocated)
    expect(plan.report.forecast).toEqual(forecast)
  })

  it('refuses in a sentence what is missing, misshapen, too large or released', async () => {
    const { device } = gpu!
    const fn: TestFunction = ({ x }) => ({ y: tf.relu(x) })
    const plan = await compilePlan(traceGraph(fn, { x: float(4) }), device)
    await expect(plan.run({})).rejects.toThrow(/input 'x' is missing/)
    await expect(plan.run({ x: new Float32Array(3) })).rejects.toThrow(/needs 4 values .* 3 came/)
    await expect(plan.readState(['x'])).rejects.toThrow(/does not stay on the device/)
    plan.release()
    await expect(plan.run({ x: new Float32Array(4) })).rejects.toThrow(/released/)
    // WebGPU's default limits: 128 MiB a binding, 256 MiB a buffer.
    const ofBytes = (bytes: number) => traceGraph(fn, { x: float(bytes / 4) })
    expect(() => forecastPlan(ofBytes(2 ** 28), device)).toThrow(/binds at most 134217728 bytes/)
    await expect(compilePlan(ofBytes(2 ** 29), device)).rejects.toThrow(/larger than a buffer of this device/)
  })

  it('says so when the GPU refuses a run, instead of giving numbers of before', async () => {
    const { device } = gpu!
    const create = vi.spyOn(device, 'createBuffer')
    const plan = await compilePlan(
      traceGraph(({ x }) => ({ y: tf.relu(x) }), { x: float(4) }),
      device,
    )
    const made = create.mock.results.map(({ value }) => value as GPUBuffer)
    create.mockRestore()
    made.find(({ label }) => label === 'plan arena')!.destroy()
    device.pushErrorScope('validation') // of the upload
    await expect(plan.run({ x: new Float32Array(4) })).rejects.toThrow(/refuses the plan/)
    await device.popErrorScope()
    plan.release()
  })

  it.skipIf(!gpu?.device.features.has('timestamp-query'))('times each task', async () => {
    const plan = await compilePlan(traceGraph(descend, descentSpecs), gpu!.device)
    const feeds = { x: sample([6, 4]), w: sample([4, 3]), m: sample([4, 3]), rate: Float32Array.of(0.1) }
    const times = await plan.profile(feeds)
    expect(times.map(time => time.label)).toEqual(plan.report.tasks.map(task => task.label))
    expect(times.every(time => time.milliseconds >= 0)).toBe(true)
    plan.release()
  })
})
