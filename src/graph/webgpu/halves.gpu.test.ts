// Plans that store halves against plans in single precision: every kernel of inference in both families. Inputs are exactly halves, so that all that differs is the rounding of what a kernel writes.
import * as tf from '@tensorflow/tfjs-core'
import { afterEach, describe, expect, it } from 'vitest'
import { matMul } from '../../kernels/matMul.ts'
import { bindInputs } from '../simplify.ts'
import { sample } from '../testSupport.ts'
import type { TestFunction } from '../testSupport.ts'
import { traceGraph } from '../trace.ts'
import { compilePlan, type PlanOptions } from './plan.ts'
import { storedCases, traceCase, type StoredCase } from './storedCases.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../../cli/support/nodeGpu.ts')
  .then(module => module.requestNodeDevice({ limits: 'default' }))
  .catch(() => undefined)

const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))
afterEach(() => expect(complaints).toEqual([]))

async function run(device: GPUDevice, each: StoredCase, options: PlanOptions) {
  const { graph, values } = traceCase(each)
  const plan = await compilePlan(graph, device, options)
  const got = await plan.run(values)
  plan.release()
  return { got, report: plan.report }
}

// To nearest is 2⁻¹¹ of a number; WGSL allows the neighbour on its other side, which is twice as far.
const halfRounding = 2 ** -10
// The families add in different orders, and compilers may fuse what they add.
const singleRounding = 2e-6
/** Below 2⁻¹⁴ halves lie at equal distances. */
const smallestHalf = 2 ** -24

type Results = Awaited<ReturnType<typeof run>>['got']

/** The largest error of a result, in units of what rounding explains. */
function strain(got: Results, wanted: Results): number {
  const errors = Object.entries(wanted).flatMap(([port, { data }]) => {
    const numbers = Array.from(data, Number)
    const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    return numbers.map((value, at) => {
      const allowed = halfRounding * Math.abs(value) + singleRounding * largest + smallestHalf
      return Math.abs(got[port].data[at] - value) / allowed
    })
  })
  return errors.reduce((most, error) => (error <= most ? most : error), 0) // NaN takes any number's place and stays
}

const families = ['registers', 'shared'] as const

describe.skipIf(!gpu)('halves', () => {
  it.each(Object.keys(storedCases))('change %s by no more than their rounding', async name => {
    const each = storedCases[name]
    const single = await run(gpu!.device, each, { tiles: 'registers' })
    const hasSubgroups = gpu!.device.features.has('subgroups')
    const tiled = hasSubgroups ? (['registers', 'shared', 'subgroups'] as const) : families
    for (const tiles of each.isTiled ? tiled : (['registers'] as const)) {
      const half = await run(gpu!.device, each, { tiles, storage: 'f16' })
      expect(half.report.halves, JSON.stringify(half.report.singles)).toBe(each.halves)
      expect(strain(half.got, single.got), tiles).toBeLessThanOrEqual(1)
    }
  })

  it('take half the memory of constants and values between', async () => {
    const graph = traceGraph(
      ({ x, wide, back }) => ({ y: tf.neg(matMul(matMul(x, wide), back)) }),
      Object.fromEntries(
        Object.entries({ x: [64, 64], wide: [64, 512], back: [512, 64] }).map(([name, shape]) => [
          name,
          { shape, dtype: 'float32' as const },
        ]),
      ),
      { keepKernels: true },
    )
    const weights = { wide: sample([64, 512], 1), back: sample([512, 64], 2) }
    const bound = bindInputs(graph, weights)
    const plans = await Promise.all(
      (['f32', 'f16'] as const).map(storage =>
        compilePlan(bound, gpu!.device, { storage, tiles: 'registers' }),
      ),
    )
    const [single, half] = plans.map(plan => plan.report.forecast)
    plans.forEach(plan => plan.release())
    expect(half.constants).toBe(single.constants / 2)
    expect(half.arena).toBeLessThan(0.6 * single.arena)
  })

  it('clamp what is beyond their range, and keep what is no number', async () => {
    // A join is written to memory and read again.
    const fn: TestFunction = ({ x }) => ({ y: tf.mul(tf.concat([tf.mul(x, 4), tf.mul(x, 2)]), 0.5) })
    const x = new Float32Array(64)
    x.set([1e5, -1e38, 3, 0.25, NaN])
    const plan = await compilePlan(traceGraph(fn, { x: { shape: [64], dtype: 'float32' } }), gpu!.device, {
      storage: 'f16',
    })
    expect(plan.report.halves).toBeGreaterThan(0)
    const { y } = await plan.run({ x })
    plan.release()
    expect(Array.from(y.data.slice(0, 4))).toEqual([32752, -32752, 6, 0.5])
    expect(y.data[4]).toBeNaN()
    expect(Array.from(y.data.slice(6, 64))).toEqual(Array(58).fill(0))
  })
})
