// The golden fixtures of the network's layers, on WebGPU and proved to go through our kernels.
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

const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))

const withGradient = (...names: readonly string[]) => names.flatMap(name => [name, `${name}Gradient`])

describe.skipIf(!gpu)('the golden fixtures', () => {
  it.each([
    ['gelu', withGradient('Gelu')],
    ['layer_norm', withGradient('LayerNorm')],
    ['instance_norm', withGradient('InstanceNorm')],
    ['res_block_proj', withGradient('InstanceNorm')],
    ['res_block_same', withGradient('InstanceNorm')],
    ['patch_merge_smit_5x3x4', withGradient('MergeNorm')],
    ['patch_merge_monai_v1_5x3x4', withGradient('MergeNorm')],
    ['patch_merge_monai_v15_4x4x6', withGradient('MergeNorm')],
    ['patch_merge_monai_v2_5x3x4', withGradient('MergeNorm')],
    // GELU is the product's epilogue there, and its derivative that of the gradient's product.
    ['semantic_attention_n27', [...withGradient('DenseAttention', 'LayerNorm'), 'MatMulActivated']],
    ['semantic_attention_n30', withGradient('DenseAttention')],
    ['semantic_attention_forward', ['DenseAttention']],
    ['patch_embed_mask_keep', ['PatchEmbed', 'PatchEmbedInputGradient', 'PatchEmbedWeightGradient']],
    ['swin_block_6x6x6_shift', [...withGradient('LayerNorm', 'WindowAttention'), 'MatMulActivated']],
    ['swin_block_smitreverse_shift', [...withGradient('LayerNorm', 'WindowAttention'), 'MatMulActivated']],
  ])('of %s agree on WebGPU, gradients included, through our kernels', async (name, kernels) => {
    const called = vi.spyOn(tf.engine(), 'runKernel')
    const webgpu = eagerPath('webgpu', 'webgpu', true)
    const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, webgpu)
    expect(outcome.status, outcome.text).toBe('passed')
    const names = called.mock.calls.map(([kernelName]) => kernelName)
    expect(names).toEqual(expect.arrayContaining(kernels))
    expect(complaints).toEqual([])
    called.mockRestore()
  })
})
