// Passes of ours inside tfjs's own command encoder, on tensors that stay where they are: no copy, no extra submit.
// Programs themselves take plain buffers and know nothing of tfjs.
import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'

// The members of tfjs's backend that a foreign pass needs and that its types keep private (tfjs 4.22).
interface PassAccess {
  readonly commandEncoder: GPUCommandEncoder
  readonly commandQueueOwnedIds: { add(dataId: object): void }
}

function bufferOf(backend: WebGPUBackend, { dataId }: TensorInfo): GPUBuffer {
  backend.uploadToGPU(dataId)
  return backend.tensorMap.get(dataId).resource as GPUBuffer
}

/**
 * Runs `encode` on the buffers of tensors, in the order given. The tensors are marked as used by commands that are not
 * submitted yet, so that disposing of one does not hand its buffer to somebody else too early.
 */
export function encodeInTfjs(
  backend: WebGPUBackend,
  tensors: readonly TensorInfo[],
  encode: (device: GPUDevice, encoder: GPUCommandEncoder, buffers: GPUBuffer[]) => void,
): void {
  // Before the encoder is taken: an upload may record copies of its own.
  const buffers = tensors.map(tensor => bufferOf(backend, tensor))
  backend.ensureCommandEncoderReady()
  backend.endComputePassEncoder()
  const { commandEncoder, commandQueueOwnedIds } = backend as unknown as PassAccess
  encode(backend.device, commandEncoder, buffers)
  for (const { dataId } of tensors) commandQueueOwnedIds.add(dataId)
}
