// Our kernels and their gradients, registered with tfjs-backend-webgpu: eager calls run the WGSL programs on tfjs's own
// buffers. Each kernel's page is one constant, with the tolerance its tests hold it to.
import * as tf from '@tensorflow/tfjs-core'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { registerLayerKernels } from './layerKernels.ts'
import { maskTokensKernel, maskTokensReference, maskTokensShape } from './maskTokens.ts'
import { encodeMaskTokens } from './maskTokensProgram.ts'
import { encodeInTfjs } from './tfjsPass.ts'
import { windowAttentionKernel, windowAttentionReference, windowAttentionShape } from './windowAttention.ts'
import { encodeWindowAttentionGradient, gradientScratch } from './windowAttentionGradient.ts'
import { encodeWindowAttention, type AttentionStorage } from './windowAttentionProgram.ts'
import type { WindowAttributes } from './windowLayout.ts'

/** Window attention, all of its page. Errors are relative to the largest expected value. */
export const windowAttentionPage = {
  kernel: windowAttentionKernel,
  shapes: windowAttentionShape,
  reference: windowAttentionReference,
  program: encodeWindowAttention,
  gradient: encodeWindowAttentionGradient,
  // Sums of at most 343 terms in another order, and the driver's exp, which WGSL only binds to a few units in the last
  // place; the golden fixtures ask for the same. Gradients pass through the softmax twice and sum over all windows.
  tolerance: { forward: 2e-5, gradient: 1e-4 },
} as const

/** Token masking, all of its page. */
export const maskTokensPage = {
  kernel: maskTokensKernel,
  shapes: maskTokensShape,
  reference: maskTokensReference,
  program: encodeMaskTokens,
  // One product and one sum, which a driver may contract to a fused multiply-add.
  tolerance: { forward: 1e-6, gradient: 1e-6 },
} as const

const gradientKernel = `${windowAttentionKernel}Gradient`

let storage: AttentionStorage = 'shared'

/** Which variant window attention runs as from now on. */
export function chooseAttentionStorage(chosen: AttentionStorage): void {
  storage = chosen
}

type Inputs = Record<string, tf.TensorInfo>

function registerWindowAttention(): void {
  tf.registerKernel({
    kernelName: windowAttentionKernel,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { qkv, qkvBias, biasTable } = inputs as Inputs
      const attributes = attrs as unknown as WindowAttributes
      const gpu = backend as WebGPUBackend
      const shape = windowAttentionShape(qkv.shape, qkvBias.shape, biasTable.shape, attributes)
      const y = gpu.makeTensorInfo(shape, 'float32')
      encodeInTfjs(gpu, [qkv, qkvBias, biasTable, y], (device, encoder, buffers) => {
        const named = { qkv: buffers[0], qkvBias: buffers[1], biasTable: buffers[2], output: buffers[3] }
        encodeWindowAttention(device, encoder, named, qkv.shape, attributes, { storage })
      })
      return y
    },
  })
  tf.registerKernel({
    kernelName: gradientKernel,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, backend, attrs }) =>
      differentiate(backend as WebGPUBackend, inputs as Inputs, attrs as unknown as WindowAttributes),
  })
  tf.registerGradient({
    kernelName: windowAttentionKernel,
    inputsToSave: ['qkv', 'qkvBias', 'biasTable'],
    gradFunc: (dy, saved, attrs) => {
      const [qkv, qkvBias, biasTable] = saved
      // Here and not inside the functions below: tfjs calls those in scopes that dispose of what they do not return.
      const [dQkv, dQkvBias, dBiasTable] = tf
        .engine()
        .runKernel(
          gradientKernel,
          { qkv, qkvBias, biasTable, dOutput: dy as tf.Tensor },
          attrs,
        ) as unknown as tf.Tensor[]
      return { qkv: () => dQkv, qkvBias: () => dQkvBias, biasTable: () => dBiasTable }
    },
  })
}

/** dQkv, dQkvBias, dBiasTable. */
function differentiate(gpu: WebGPUBackend, inputs: Inputs, attributes: WindowAttributes): tf.TensorInfo[] {
  const { qkv, qkvBias, biasTable, dOutput } = inputs
  const make = (shape: number[]) => gpu.makeTensorInfo(shape, 'float32')
  const gradients = [qkv, qkvBias, biasTable].map(({ shape }) => make(shape))
  const sizes = gradientScratch(qkv.shape, attributes)
  const scratch = [sizes.padding, sizes.statistics, sizes.pairSums].map(size => make([size]))
  const tensors = [qkv, qkvBias, biasTable, dOutput, ...gradients, ...scratch]
  encodeInTfjs(gpu, tensors, (device, encoder, all) => {
    const buffers = {
      ...{ qkv: all[0], qkvBias: all[1], biasTable: all[2], dOutput: all[3] },
      ...{ dQkv: all[4], dQkvBias: all[5], dBiasTable: all[6] },
      ...{ padding: all[7], statistics: all[8], pairSums: all[9] },
    }
    encodeWindowAttentionGradient(device, encoder, buffers, qkv.shape, attributes)
  })
  for (const { dataId } of scratch) gpu.disposeData(dataId)
  return gradients
}

function registerMaskTokens(): void {
  tf.registerKernel({
    kernelName: maskTokensKernel,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, backend }) => {
      const { x, token, mask } = inputs as Inputs
      const gpu = backend as WebGPUBackend
      const y = gpu.makeTensorInfo(maskTokensShape(x.shape, token.shape, mask.shape), 'float32')
      const maskNumber = gpu.tensorMap.get(mask.dataId).dtype === 'float32' ? 'f32' : 'i32'
      encodeInTfjs(gpu, [x, token, mask, y], (device, encoder, all) => {
        const buffers = { x: all[0], token: all[1], mask: all[2], output: all[3] }
        encodeMaskTokens(device, encoder, buffers, y.shape, maskNumber)
      })
      return y
    },
  })
  tf.registerGradient({
    kernelName: maskTokensKernel,
    inputsToSave: ['x', 'token', 'mask'],
    gradFunc: (gradient, saved) => {
      const [x, token, mask] = saved
      const dy = gradient as tf.Tensor
      const m = tf.expandDims(mask, 4) // [B, d, h, w, 1]
      return {
        x: () => tf.mul(dy, tf.sub(1, m)),
        token: () => tf.reshape(tf.sum(tf.mul(dy, m), [0, 1, 2, 3]), token.shape),
        mask: () => tf.sum(tf.mul(dy, tf.sub(tf.reshape(token, [1, 1, 1, 1, -1]), x)), 4),
      }
    },
  })
}

let isRegistered = false

/** Registers all kernels of ours for every later WebGPU backend; calling it again changes nothing. */
export function registerKernels(): void {
  if (isRegistered) return
  isRegistered = true
  registerWindowAttention()
  registerMaskTokens()
  registerLayerKernels()
}
