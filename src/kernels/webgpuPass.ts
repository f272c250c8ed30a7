// One compute pass of ours inside tfjs's own command encoder, on tensors that stay where they are: no copy, no extra
// submit. Programs themselves take plain buffers and know nothing of tfjs.
import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'

/** A program's text and how it is started. `key` names everything that changes the text. */
export interface Program {
  readonly key: string
  readonly code: string
  readonly workgroups: readonly [number, number, number]
  /** Contents of the uniform block, bound after the buffers; 32-bit words. */
  readonly uniforms: Uint32Array<ArrayBuffer>
}

// The two members of tfjs's backend that a foreign pass needs and that its types keep private (tfjs 4.22).
interface PassAccess {
  readonly commandEncoder: GPUCommandEncoder
  readonly commandQueueOwnedIds: { add(dataId: object): void }
}

interface DeviceCache {
  readonly pipelines: Map<string, GPUComputePipeline>
  readonly uniforms: Map<string, GPUBuffer>
}
const caches = new WeakMap<GPUDevice, DeviceCache>()

function cacheOf(device: GPUDevice): DeviceCache {
  let cache = caches.get(device)
  if (!cache) {
    cache = { pipelines: new Map(), uniforms: new Map() }
    caches.set(device, cache)
  }
  return cache
}

function pipelineFor(device: GPUDevice, { key, code }: Program): GPUComputePipeline {
  const { pipelines } = cacheOf(device)
  let pipeline = pipelines.get(key)
  if (!pipeline) {
    const module = device.createShaderModule({ label: key, code })
    pipeline = device.createComputePipeline({
      label: key,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    })
    pipelines.set(key, pipeline)
  }
  return pipeline
}

function uniformsFor(device: GPUDevice, words: Uint32Array<ArrayBuffer>): GPUBuffer {
  const { uniforms } = cacheOf(device)
  const key = words.join()
  let buffer = uniforms.get(key)
  if (!buffer) {
    const size = 16 * Math.ceil(words.byteLength / 16)
    buffer = device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
    device.queue.writeBuffer(buffer, 0, words)
    uniforms.set(key, buffer)
  }
  return buffer
}

/** Encodes `program` over `buffers` (bindings 0…n−1, uniforms at n) into `encoder`. */
export function encodeProgram(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  program: Program,
  buffers: readonly GPUBuffer[],
): void {
  const pipeline = pipelineFor(device, program)
  const all = [...buffers, uniformsFor(device, program.uniforms)]
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: all.map((buffer, binding) => ({ binding, resource: { buffer } })),
  })
  const pass = encoder.beginComputePass({ label: program.key })
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, group)
  pass.dispatchWorkgroups(...program.workgroups)
  pass.end()
}

/** Runs `program` on tfjs tensors; the output is the last buffer before the uniforms. */
export function runInTfjs(
  backend: WebGPUBackend,
  program: Program,
  inputs: readonly TensorInfo[],
  outputShape: number[],
): TensorInfo {
  const output = backend.makeTensorInfo(outputShape, 'float32')
  const tensors = [...inputs, output]
  const buffers = tensors.map(({ dataId }) => {
    backend.uploadToGPU(dataId)
    return backend.tensorMap.get(dataId).resource as GPUBuffer
  })
  backend.ensureCommandEncoderReady()
  backend.endComputePassEncoder()
  const { commandEncoder, commandQueueOwnedIds } = backend as unknown as PassAccess
  encodeProgram(backend.device, commandEncoder, program, buffers)
  for (const { dataId } of tensors) commandQueueOwnedIds.add(dataId)
  return output
}
