// For tests of a GpuKernel: its steps on plain buffers that begin at an offset and are poisoned with not-a-number, and a
// function with its gradients on a tfjs backend.
import * as tf from '@tensorflow/tfjs-core'
// tfjs-core alone knows no gradients; the whole package registers them.
import '@tensorflow/tfjs'
import type { DeviceFacts, GpuKernel, KernelAttributes, Shape, TensorBinding } from './gpuKernel.ts'
import { encodeSteps } from './gpuProgram.ts'
import { makeBuffer, runAndRead } from './testSupport.ts'

export interface HostArray {
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>
  readonly shape: Shape
}

export interface PlainRun {
  readonly tiles?: DeviceFacts['tiles']
  /** Largest binding; the device's limit unless a test asks for less. */
  readonly mostBindingBytes?: number
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

/** The kernel's outputs, computed on plain buffers. */
export async function runPlainly(
  device: GPUDevice,
  kernel: GpuKernel,
  inputs: readonly HostArray[],
  attributes: KernelAttributes = {},
  { tiles = 'registers', mostBindingBytes, inPlace = {} }: PlainRun = {},
): Promise<Float32Array[]> {
  const shapes = inputs.map(({ shape }) => shape)
  const bound = inputs.map(({ data, shape }) => place(device, data.length, shape, data))
  const outputs = kernel
    .shapes(shapes, attributes)
    .map((shape, i) => (i in inPlace ? bound[inPlace[i]] : place(device, count(shape), shape)))
  const scratch = (kernel.scratch?.(shapes, attributes) ?? []).map(size => place(device, size, [size]))
  const limit = mostBindingBytes ?? device.limits.maxStorageBufferBindingSize
  const facts: DeviceFacts = {
    tiles,
    limits: {
      maxStorageBufferBindingSize: limit,
      minStorageBufferOffsetAlignment: device.limits.minStorageBufferOffsetAlignment,
      maxComputeWorkgroupStorageSize: device.limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: device.limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupsPerDimension: device.limits.maxComputeWorkgroupsPerDimension,
    },
  }
  const steps = kernel.steps({ inputs: bound, outputs, scratch }, attributes, facts)
  const read = await runAndRead(
    device,
    encoder => encodeSteps(device, encoder, steps),
    outputs.map(({ buffer }) => buffer),
  )
  return read.map(values => values.slice(margin, -margin))
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
  dOutput: Float32Array<ArrayBuffer>,
): Promise<Float32Array[]> {
  return evaluateOn(
    backend,
    (...all) => {
      const sources = all.slice(0, inputs.length)
      const rest = all.slice(inputs.length)
      const of: TensorFunction = (...given) => f(...given, ...rest)
      const value = of(...sources)
      return [value, ...tf.grads(of)(sources, tf.tensor(dOutput, value.shape))]
    },
    [...inputs, ...data],
  )
}
