// What a kernel of ours is to everybody who runs it: eager tfjs on WebGPU, the tracer, and the compiled plan read the same
// record. One record an operation; a gradient is an operation of its own.
import * as tf from '@tensorflow/tfjs-core'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type { ComputeStep } from './gpuProgram.ts'
import { encodeSteps } from './gpuProgram.ts'
import { encodeInTfjs } from './tfjsPass.ts'

export type KernelAttribute = number | boolean | string | readonly number[]
export type KernelAttributes = Readonly<Record<string, KernelAttribute>>

export type Shape = readonly number[]
export type KernelDtype = 'float32' | 'int32'

/** What a program may know of the device that it is written for. */
export interface DeviceFacts {
  readonly limits: Pick<
    GPUSupportedLimits,
    | 'maxStorageBufferBindingSize'
    | 'minStorageBufferOffsetAlignment'
    | 'maxComputeWorkgroupStorageSize'
    | 'maxComputeInvocationsPerWorkgroup'
    | 'maxComputeWorkgroupsPerDimension'
  >
  /**
   * "registers" reads from buffers alone, "shared" passes tiles through workgroup memory, "subgroups" joins sums of rows by
   * shuffles too, where the device has them: chosen by measuring.
   */
  readonly tiles: 'registers' | 'shared' | 'subgroups'
}

/** A tensor's place in a buffer: `offset` and `size` in bytes, `offset` a multiple of the device's alignment. */
export interface TensorBinding {
  readonly buffer: GPUBuffer
  readonly offset: number
  readonly size: number
  readonly shape: Shape
  readonly dtype: KernelDtype
}

export interface KernelBindings {
  /** In the order of `inputs`; undefined for an optional one that is missing. */
  readonly inputs: readonly (TensorBinding | undefined)[]
  readonly outputs: readonly TensorBinding[]
  /** Of at least the sizes that `scratch` asked for; contents undefined. */
  readonly scratch: readonly TensorBinding[]
}

export interface GpuKernel {
  /** Under which tfjs, the tracer and the plan know it, such as "WindowAttention". */
  readonly name: string
  /** Names of the inputs in order; a trailing `?` marks one that may be missing. */
  readonly inputs: readonly string[]
  /** For each output, the number of the input in whose place it may stand: read and written there, element by element. */
  readonly inPlace?: readonly number[]
  /** Shapes of the outputs, all float32. @throws Error in a sentence when the inputs do not fit each other. */
  shapes(inputs: readonly (Shape | undefined)[], attributes: KernelAttributes): Shape[]
  /** Floats of each scratch buffer, from the inputs' shapes. */
  scratch?(inputs: readonly (Shape | undefined)[], attributes: KernelAttributes): readonly number[]
  /** The dispatches, in order, each seeing what the ones before wrote. @throws Error when a tensor cannot be bound. */
  steps(bindings: KernelBindings, attributes: KernelAttributes, device: DeviceFacts): ComputeStep[]
}

/** The whole tensor, for a step's `buffers`. */
export function bindWhole({ buffer, offset, size }: TensorBinding): GPUBufferBinding {
  return { buffer, offset, size }
}

/** `count` samples of a tensor [B, ...] from number `first` on; see `samplesPerBinding` for which may be bound. */
export function bindSamples(
  { buffer, offset, size, shape }: TensorBinding,
  first: number,
  count: number,
): GPUBufferBinding {
  const bytes = size / shape[0]
  return { buffer, offset: offset + first * bytes, size: count * bytes }
}

let tiles: DeviceFacts['tiles'] = 'shared'

/** Which family of programs eager calls use from now on. */
export function chooseTiles(chosen: DeviceFacts['tiles']): void {
  tiles = chosen
}

function bindingOf(gpu: WebGPUBackend, buffer: GPUBuffer, { dataId, shape }: tf.TensorInfo): TensorBinding {
  const size = 4 * shape.reduce((product, side) => product * side, 1)
  // tfjs keeps whole numbers as such in a buffer, even of a tensor that was cast to float32.
  const { dtype } = gpu.tensorMap.get(dataId)
  return { buffer, offset: 0, size, shape, dtype: dtype === 'float32' ? 'float32' : 'int32' }
}

/** What runs `kernel` eagerly on tfjs's WebGPU backend, on tfjs's own buffers. */
export function eagerKernelFunction(kernel: GpuKernel): tf.KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const gpu = backend as WebGPUBackend
    const attributes = (attrs ?? {}) as KernelAttributes
    const named = inputs as Record<string, tf.TensorInfo | undefined>
    const given = kernel.inputs.map(name => named[name.replace('?', '')])
    const shapes = given.map(tensor => tensor?.shape)
    const make = (shape: Shape) => gpu.makeTensorInfo([...shape], 'float32')
    const outputs = kernel.shapes(shapes, attributes).map(make)
    const scratch = (kernel.scratch?.(shapes, attributes) ?? []).map(count => make([Math.max(1, count)]))
    const present = given.filter(tensor => tensor !== undefined)
    const all = [...present, ...outputs, ...scratch]
    encodeInTfjs(gpu, all, (device, encoder, buffers) => {
      const bound = new Map(all.map((tensor, i) => [tensor, bindingOf(gpu, buffers[i], tensor)]))
      const bindings: KernelBindings = {
        inputs: given.map(tensor => tensor && bound.get(tensor)),
        outputs: outputs.map(tensor => bound.get(tensor)!),
        scratch: scratch.map(tensor => bound.get(tensor)!),
      }
      encodeSteps(device, encoder, kernel.steps(bindings, attributes, { limits: device.limits, tiles }))
    })
    for (const { dataId } of scratch) gpu.disposeData(dataId)
    return outputs.length === 1 ? outputs[0] : outputs
  }
}

/** Makes `kernel` run eagerly on tfjs's WebGPU backend. */
export function registerGpuKernel(kernel: GpuKernel): void {
  tf.registerKernel({
    kernelName: kernel.name,
    backendName: 'webgpu',
    kernelFunc: eagerKernelFunction(kernel),
  })
}

/** True when the active tfjs backend (WebGPU, or a tracer that keeps our kernels whole) knows the kernel. */
export function isKernelKnown({ name }: GpuKernel): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined
}

/** Calls the kernel on the active backend; missing inputs are left out. */
export function runGpuKernel(
  kernel: GpuKernel,
  inputs: readonly (tf.Tensor | undefined)[],
  attributes: KernelAttributes = {},
): tf.Tensor[] {
  const named = Object.fromEntries(
    kernel.inputs.flatMap((name, i) => (inputs[i] ? [[name.replace('?', ''), inputs[i]]] : [])),
  )
  const result = tf.engine().runKernel(kernel.name, named, { ...attributes })
  return Array.isArray(result) ? result : [result]
}
