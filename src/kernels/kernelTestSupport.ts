// For tests of a GpuKernel: its steps on plain buffers that begin at an offset and are poisoned with not-a-number, and a
// function with its gradients on a tfjs backend.
import * as tf from '@tensorflow/tfjs-core'
// tfjs-core alone knows no gradients; the whole package registers them.
import '@tensorflow/tfjs'
import type { DeviceFacts, GpuKernel, KernelAttributes, Shape, TensorBinding } from './gpuKernel.ts'
import { encodeSteps } from './gpuProgram.ts'
import { deviceFacts, makeBuffer, runAndRead } from './testSupport.ts'

export interface HostArray {
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>
  readonly shape: Shape
}

export interface PlainRun {
  readonly tiles?: DeviceFacts['tiles']
  /** Largest binding; the device's limit unless a test asks for less. */
  readonly mostBindingBytes?: number
  /** Scratch larger than asked for: products size theirs for what every device binds, and a lower limit makes more parts. */
  readonly hasRoomyScratch?: boolean
  /** Number of the input in whose place an output stands, by the output's number. */
  readonly inPlace?: Readonly<Record<number, number>>
}

/** Floats before and after a tensor in its buffer: one binding alignment. */
const margin = 64

function place(device: GPUDevice, count: number, shape: Shape, data?: HostArray['data']): TensorBinding {
  const values = new Float32Array(count + 2 * margin).fill(NaN)
  if (data) values.set(new Float32Array(data.buffer, data.byteOffset, data.length), margin)
  const dtype = data instanceof Int32Array ? 'int32' : 'float32'
  return { buffer: makeBuffer(device, values), offset: 4 * margin, size: 4 * count, shape, dtype }
}

const count = (shape: Shape) => shape.reduce((product, side) => product * side, 1)

/** The kernel's outputs, computed on plain buffers. @throws Error where it writes beside them, or WebGPU complains. */
export async function runPlainly(
  device: GPUDevice,
  kernel: GpuKernel,
  inputs: readonly (HostArray | undefined)[],
  attributes: KernelAttributes = {},
  { tiles = 'registers', mostBindingBytes, hasRoomyScratch = false, inPlace = {} }: PlainRun = {},
): Promise<Float32Array[]> {
  const shapes = inputs.map(input => input?.shape)
  const bound = inputs.map(input => input && place(device, input.data.length, input.shape, input.data))
  const outputs = kernel
    .shapes(shapes, attributes)
    .map((shape, i) => (i in inPlace ? bound[inPlace[i]]! : place(device, count(shape), shape)))
  const sizes = kernel.scratch?.(shapes, attributes) ?? []
  const floats = sizes.map(size => (hasRoomyScratch ? 8 * size + 4096 : Math.max(1, size)))
  const scratch = floats.map(size => place(device, size, [size]))
  const changed = mostBindingBytes ? { maxStorageBufferBindingSize: mostBindingBytes } : {}
  const facts = deviceFacts(device, tiles, changed)
  const steps = kernel.steps({ inputs: bound, outputs, scratch }, attributes, facts)
  const read = await runAndRead(
    device,
    encoder => encodeSteps(device, encoder, steps),
    outputs.map(({ buffer }) => buffer),
  )
  return read.map(values => {
    if ([...values.slice(0, margin), ...values.slice(-margin)].some(value => !Number.isNaN(value)))
      throw new Error(`${kernel.name} wrote outside of its output.`)
    return values.slice(margin, -margin)
  })
}

export type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor

function toTensor({ data, shape }: HostArray): tf.Tensor {
  return tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32')
}

/** The values of `f` on a backend. */
export async function evaluateOn(
  backend: string,
  f: (...inputs: tf.Tensor[]) => tf.Tensor[],
  inputs: readonly HostArray[],
): Promise<Float32Array[]> {
  await tf.setBackend(backend)
  const results = tf.tidy(() => f(...inputs.map(toTensor)))
  const values = await Promise.all(results.map(result => result.data()))
  tf.dispose(results)
  return values as Float32Array[]
}

/**
 * The value of `f` and the gradients of sum(f · dOutput) by `inputs`; `data` are inputs without a gradient, which come
 * after them.
 */
export function differentiateOn(
  backend: string,
  f: TensorFunction,
  inputs: readonly HostArray[],
  data: readonly HostArray[],
  dOutput: Float32Array<ArrayBuffer> | ((count: number) => Float32Array<ArrayBuffer>),
): Promise<Float32Array[]> {
  return evaluateOn(
    backend,
    (...all) => {
      const sources = all.slice(0, inputs.length)
      const rest = all.slice(inputs.length)
      const of: TensorFunction = (...tensors) => f(...tensors, ...rest)
      const value = of(...sources)
      const given = typeof dOutput === 'function' ? dOutput(value.size) : dOutput
      return [value, ...tf.grads(of)(sources, tf.tensor(given, value.shape))]
    },
    [...inputs, ...data],
  )
}
