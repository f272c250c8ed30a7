// Values that a device cannot bind at once, bound in pieces: every kernel of inference on a device that says it binds no
// more than half of the largest value, against the same device as it is.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sizeOf } from '../graph.ts'
import { expectClose } from '../testSupport.ts'
import { compilePlan, type PlanOptions } from './plan.ts'
import { storedCases, traceCase } from './storedCases.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../../cli/support/nodeGpu.ts')
  .then(module => module.requestNodeDevice())
  .catch(() => undefined)

const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))
afterEach(() => expect(complaints).toEqual([]))

/** The device with another limit, which WebGPU itself would not request: it grants 128 MiB at least. */
function narrowed(device: GPUDevice, maxStorageBufferBindingSize: number): GPUDevice {
  const limits = new Proxy(device.limits, {
    get: (target, name) =>
      name === 'maxStorageBufferBindingSize'
        ? maxStorageBufferBindingSize
        : (Reflect.get(target, name, target) as unknown),
  })
  return new Proxy(device, {
    get(target, name) {
      if (name === 'limits') return limits
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

async function run(device: GPUDevice, name: string, options: PlanOptions) {
  const { graph, values } = traceCase(storedCases[name])
  const plan = await compilePlan(graph, device, options)
  const got = await plan.run(values)
  plan.release()
  return got
}

describe.skipIf(!gpu)('values in pieces', () => {
  // A program that knows how the elements lie may be compiled to other fused products; the order of sums is the same.
  const rounding = 1e-6

  // Heads of another width read their lanes in the same way.
  const names = Object.keys(storedCases).filter(name => !/heads of (3|12)/.test(name))

  it.each(names)('give the same numbers for %s', async name => {
    const options = { tiles: 'registers' } as const
    const wanted = await run(gpu!.device, name, options)
    const shapes = [...storedCases[name].shapes, ...Object.values(wanted).map(result => result.shape)]
    const largest = 4 * Math.max(...shapes.map(sizeOf))
    const made = vi.spyOn(gpu!.device, 'createShaderModule')
    const got = await run(narrowed(gpu!.device, 256 * Math.ceil(largest / 2 / 256)), name, options)
    const texts = made.mock.calls.map(([{ code }]) => code)
    made.mockRestore()
    expect(
      texts.some(text => /fn (piece|keep)_/.test(text)),
      'something in pieces',
    ).toBe(true)
    expectClose(got, wanted, rounding)
  })

  it('and halves together give what halves alone give', async () => {
    const name = 'a product with bias, GELU and residual'
    const options = { tiles: 'registers', storage: 'f16' } as const
    const got = await run(narrowed(gpu!.device, 2048), name, options)
    expectClose(got, await run(gpu!.device, name, options), rounding)
  })
})
