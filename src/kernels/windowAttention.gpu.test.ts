// The programs on plain buffers, at WebGPU's default limits: what passes here passes on a small laptop.
import { describe, expect, it } from 'vitest'
import type { DeviceFacts, GpuKernel } from './gpuKernel.ts'
import { windowAttentionPage } from './register.ts'
import { attendPlainly } from './plainAttention.ts'
import { attentionCases, caseInputs, deviceFacts, expectClose, runKernel } from './testSupport.ts'
import { keysPerTile } from './windowAttentionProgram.ts'
import type { WindowAttributes } from './windowLayout.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.requestNodeDevice({ limits: 'default' }))
  .catch(() => undefined)

type Limits = Partial<DeviceFacts['limits']>

function shapesOf(shape: readonly number[], { heads, window }: WindowAttributes): readonly number[][] {
  const output = [...shape.slice(0, 4), shape[4] / 3]
  return [[...shape], [shape[4]], [(2 * window - 1) ** 3, heads], output]
}

function run(
  kernel: GpuKernel,
  shape: readonly number[],
  attributes: WindowAttributes,
  limits?: Limits,
): Promise<Float32Array[]> {
  const { device } = gpu!
  const shapes = shapesOf(shape, attributes)
  const inputs = caseInputs(shape, attributes).map((data, i) => [data, shapes[i]] as const)
  const given = inputs.slice(0, kernel.inputs.length)
  return runKernel(device, kernel, given, { ...attributes }, deviceFacts(device, 'shared', limits))
}

/** dQkv, dQkvBias, dBiasTable of the case's inputs and output gradient. */
const runGradient = (shape: readonly number[], attributes: WindowAttributes) =>
  run(windowAttentionPage.gradient, shape, attributes)

/** Central differences of sum(y · dOutput) in double precision at a few places of input number `which`. */
function differences(
  shape: readonly number[],
  attributes: WindowAttributes,
  which: number,
  places: readonly number[],
): number[] {
  const inputs = caseInputs(shape, attributes)
  const dOutput = inputs[3]
  const lossAt = (place: number, by: number) => {
    const moved = inputs.slice(0, 3).map(data => Array.from(data))
    moved[which][place] += by
    const y = attendPlainly(moved[0], shape, moved[1], moved[2], attributes)
    return y.reduce((sum, value, i) => sum + value * dOutput[i], 0)
  }
  const step = 1e-4
  return places.map(place => (lossAt(place, step) - lossAt(place, -step)) / (2 * step))
}

describe.skipIf(!gpu)('window attention on plain buffers', () => {
  it.each(attentionCases)('follows the specification with %s', async (_, shape, attributes) => {
    const [qkv, bias, table] = caseInputs(shape, attributes)
    const want = attendPlainly(qkv, shape, bias, table, attributes)
    const [got] = await run(windowAttentionPage.kernel, shape, attributes)
    expectClose(got, want, windowAttentionPage.tolerance.forward)
  })

  it('gives the same in parts when the batch is larger than a binding may be', async () => {
    // 64 tokens of 144 and 48 bytes: both buffers may be cut after every sample (multiples of 256 bytes).
    const shape = [3, 4, 4, 4, 36]
    const attributes = attentionCases[1][2]
    const { kernel } = windowAttentionPage
    const [whole] = await run(kernel, shape, attributes)
    const limits = { maxStorageBufferBindingSize: 2 * 64 * 144 }
    const [parts] = await run(kernel, shape, attributes, limits)
    expect(Array.from(parts)).toEqual(Array.from(whole))
  })

  it('gives a tile of workgroup memory within WebGPU’s guaranteed 16 KiB for every head width', () => {
    for (const width of [1, 3, 12, 24, 48, 96, 509])
      for (const others of [8, 24])
        expect(keysPerTile(width, others) * (8 * width + others)).toBeLessThanOrEqual(16_384)
    expect(keysPerTile(12)).toBe(64)
    expect(keysPerTile(600)).toBe(0)
  })
})

describe.skipIf(!gpu)('the gradient of window attention on plain buffers', () => {
  it.each(attentionCases)('equals finite differences with %s', async (_, shape, attributes) => {
    const gradients = await runGradient(shape, attributes)
    gradients.forEach((got, which) => {
      expect(got.every(Number.isFinite)).toBe(true)
      const places = [0.03, 0.2, 0.35, 0.5, 0.77, 0.93].map(share => Math.floor(share * got.length))
      const want = differences(shape, attributes, which, places)
      // Differences at a few places may all be small: compare with the largest of the whole gradient.
      const largest = got.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const errors = want.map((value, i) => Math.abs(value - got[places[i]]))
      expect(Math.max(...errors)).toBeLessThanOrEqual(windowAttentionPage.tolerance.gradient * largest)
    })
  })

  it('is the same bit by bit when it is computed again', async () => {
    const [, shape, attributes] = attentionCases[1]
    const [once, again] = [await runGradient(shape, attributes), await runGradient(shape, attributes)]
    expect(again.map(values => Array.from(values))).toEqual(once.map(values => Array.from(values)))
  })
})
