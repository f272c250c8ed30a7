// Registers our kernels with tfjs-backend-webgpu: eager calls run the WGSL, gradients are the reference's autodiff.
import * as tf from '@tensorflow/tfjs-core'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { maskTokensKernel, maskTokensReference, maskTokensShape } from './maskTokens.ts'
import { runInTfjs } from './webgpuPass.ts'
import { windowAttentionKernel, windowAttentionReference, windowAttentionShape } from './windowAttention.ts'
import { maskTokensProgram, windowAttentionProgram, type AttentionVariant } from './windowAttentionProgram.ts'
import type { WindowAttributes } from './windowLayout.ts'

let variant: AttentionVariant = 'registers'

/** Which program window attention runs as from now on. */
export function chooseAttentionVariant(chosen: AttentionVariant): void {
  variant = chosen
}

function registerForward(): void {
  tf.registerKernel({
    kernelName: windowAttentionKernel,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { qkv, qkvBias, biasTable } = inputs as Record<string, tf.TensorInfo>
      const attributes = attrs as unknown as WindowAttributes
      const shape = windowAttentionShape(qkv.shape, qkvBias.shape, biasTable.shape, attributes)
      const program = windowAttentionProgram(qkv.shape, attributes, variant)
      return runInTfjs(backend as WebGPUBackend, program, [qkv, qkvBias, biasTable], shape)
    },
  })
  tf.registerKernel({
    kernelName: maskTokensKernel,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, backend }) => {
      const { x, token, mask } = inputs as Record<string, tf.TensorInfo>
      const shape = maskTokensShape(x.shape, token.shape, mask.shape)
      return runInTfjs(backend as WebGPUBackend, maskTokensProgram(shape), [x, token, mask], shape)
    },
  })
}

/** Differentiates within a backward pass: tfjs drops the outer tape when an inner gradient ends, and needs it again. */
function differentiateInside(compute: () => tf.Tensor[]): tf.Tensor[] {
  const { state } = tf.engine()
  const outerTape = state.activeTape
  try {
    return compute()
  } finally {
    state.activeTape = outerTape
  }
}

/** Gradients of named inputs by differentiating the reference; each is computed when it is asked for, all at once. */
function byReference(
  names: readonly string[],
  inputs: readonly tf.Tensor[],
  dy: tf.Tensor,
  reference: (...tensors: tf.Tensor[]) => tf.Tensor,
) {
  let gradients: tf.Tensor[] | undefined
  const compute = () => (gradients ??= differentiateInside(() => tf.grads(reference)([...inputs], dy)))
  return Object.fromEntries(names.map((name, i) => [name, () => compute()[i]]))
}

function registerGradients(): void {
  const attentionInputs = ['qkv', 'qkvBias', 'biasTable']
  tf.registerGradient({
    kernelName: windowAttentionKernel,
    inputsToSave: attentionInputs,
    gradFunc: (dy, saved, attrs) =>
      byReference(attentionInputs, saved, dy as tf.Tensor, (qkv, bias, table) =>
        windowAttentionReference(
          qkv as tf.Tensor5D,
          bias as tf.Tensor1D,
          table as tf.Tensor2D,
          attrs as unknown as WindowAttributes,
        ),
      ),
  })
  const maskInputs = ['x', 'token', 'mask']
  tf.registerGradient({
    kernelName: maskTokensKernel,
    inputsToSave: maskInputs,
    gradFunc: (dy, saved) => byReference(maskInputs, saved, dy as tf.Tensor, maskTokensReference),
  })
}

let isRegistered = false

/** Registers all kernels of ours; calling it again changes nothing. */
export function registerKernels(): void {
  if (isRegistered) return
  isRegistered = true
  registerForward()
  registerGradients()
}
