// The texts for devices with a half type of their own (`shader-f16`), which the software adapter of the other tests lacks:
// Dawn's null adapter has it, compiles programs as any adapter does, and runs nothing. Numbers are checked on the packed
// texts, which differ in the conversions alone (halfText.ts).
import { afterAll, describe, expect, it, vi } from 'vitest'
import { presets } from '../../network/config.ts'
import { classifyLogits, segmentLogits } from '../../network/network.ts'
import { parameterShapes } from '../../network/parameters.ts'
import type { Graph } from '../graph.ts'
import { traceGraph } from '../trace.ts'
import { compilePlan } from './plan.ts'
import { storedCases, traceCase } from './storedCases.ts'

// Dawn is an optional package; without it these tests are skipped by name.
const dawn = await import('webgpu').catch(() => undefined)
Object.assign(globalThis, dawn?.globals)
// Held together: Dawn ends the process when the instance is collected while a device of it lives.
const held = { instance: dawn?.create(['backend=null']) }
const adapter = await held.instance?.requestAdapter()
const device = await adapter?.requestDevice({ requiredFeatures: ['shader-f16'] })
afterAll(() => {
  device?.destroy()
  held.instance = undefined
})

function networkGraph(forward: typeof segmentLogits): Graph {
  const config = presets.tiny
  const shapes = parameterShapes(config, { sa: true, clsHead: true, decoder: true })
  const specs = Object.entries({ ...shapes, image: [1, 32, 32, 32, 1] }).map(
    ([name, shape]) => [name, { shape, dtype: 'float32' as const }] as const,
  )
  return traceGraph(
    ({ image, ...parameters }) => ({ logits: forward(parameters, image, config) }),
    Object.fromEntries(specs),
    { keepKernels: true },
  )
}

async function countHalves(graph: Graph, tiles: 'registers' | 'shared'): Promise<number> {
  const plan = await compilePlan(graph, device!, { storage: 'f16', tiles })
  plan.release()
  return plan.report.halves
}

describe.skipIf(!device)('programs on the device’s own halves', () => {
  const made = device && vi.spyOn(device, 'createShaderModule')

  it.each(Object.keys(storedCases))('compile for %s', async name => {
    const each = storedCases[name]
    const { graph } = traceCase(each)
    for (const tiles of ['registers', 'shared'] as const)
      expect(await countHalves(graph, tiles)).toBe(each.halves)
  })

  it.each([
    ['segmentation', segmentLogits],
    ['classification', classifyLogits],
  ])('compile for the whole %s network', async (_, forward) => {
    // Its parameters are inputs here, which stay single: what is counted is what lies between.
    expect(await countHalves(networkGraph(forward), 'registers')).toBeGreaterThan(40)
  })

  it('use them and never pack', () => {
    const texts = made!.mock.calls.map(([{ code }]) => code).filter(code => code.startsWith('enable f16;'))
    expect(texts.length).toBeGreaterThan(60)
    expect(texts.filter(code => /pack2x16float/.test(code) || !/array<(vec[24]<)?f16/.test(code))).toEqual([])
  })
})
