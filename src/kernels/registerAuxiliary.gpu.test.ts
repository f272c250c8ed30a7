// The golden fixtures of what stands around the network, on WebGPU and proved to go through our kernels.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import { eagerPath } from '../../cli/golden/eagerPath.ts'
import { runFixtureFile } from '../../cli/golden/fixtureFiles.ts'

const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

describe.skipIf(!gpu)('the golden fixtures', () => {
  it.each([
    ['attention_mask', ['TopKMask']],
    ['mask_expand', ['ExpandMask']],
    ['patch_embed_mask_keep', ['PatchDropout']],
    ['losses', ['MaskedL1', 'SharpenedCrossEntropy', 'CentreUpdate', 'SharpenedCrossEntropyGradient']],
    ['dice_ce', ['DiceCrossEntropy', 'DiceCrossEntropyGradient']],
    ['softmax_cross_entropy', ['SoftmaxCrossEntropy', 'SoftmaxCrossEntropyGradient']],
    ['adamw', ['AdamW']],
    ['ema', ['MomentumUpdate']],
  ])('of %s agree on WebGPU, gradients included, through our kernels', async (name, kernels) => {
    const called = vi.spyOn(tf.engine(), 'runKernel')
    const webgpu = eagerPath('webgpu', 'webgpu', true)
    const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, webgpu)
    expect(outcome.status, outcome.text).toBe('passed')
    const names = called.mock.calls.map(([kernelName]) => kernelName)
    expect(names).toEqual(expect.arrayContaining(kernels))
    called.mockRestore()
  })
})
