// For tests: runs a GpuKernel on plain buffers as a compiled plan would, every tensor somewhere inside a larger buffer whose
// rest is not-a-number, and compares with tfjs.
import * as tf from '@tensorflow/tfjs-core'
import type { DeviceFacts, GpuKernel, KernelAttributes, Shape, TensorBinding } from './gpuKernel.ts'
import { encodeSteps } from './gpuProgram.ts'
import { makeBuffer, runAndRead, sample } from './testSupport.ts'

export interface TestTensor {
  readonly shape: Shape
  readonly data: Float32Array<ArrayBuffer>
}

const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1)

/** Reproducible numbers in (−1, 1). */
export function testTensor(shape: Shape, seed: number): TestTensor {
  return { shape, data: sample(sizeOf(shape), seed) }
}

const margin = 64 // floats; 256 bytes, the coarsest alignment of a binding

function place(device: GPUDevice, shape: Shape, data?: Float32Array): TensorBinding {
  const count = sizeOf(shape)
  const around = new Float32Array(count + 2 * margin).fill(NaN)
  if (data) around.set(data, margin)
  return { buffer: makeBuffer(device, around), offset: 4 * margin, size: 4 * count, shape, dtype: 'float32' }
}

export interface KernelRun {
  readonly attributes?: KernelAttributes
  readonly tiles: DeviceFacts['tiles']
  /** Largest binding, where a test wants the batch to be split; scratch is then made larger. */
  readonly mostBindingBytes?: number
}

/** The outputs of a kernel. @throws Error where it writes beside them, or WebGPU complains. */
export async function runKernelOnBuffers(
  device: GPUDevice,
  kernel: GpuKernel,
  inputs: readonly (TestTensor | undefined)[],
  { attributes = {}, tiles, mostBindingBytes }: KernelRun,
): Promise<Float32Array[]> {
  const { limits } = device
  const facts: DeviceFacts = {
    tiles,
    limits: {
      maxStorageBufferBindingSize: mostBindingBytes ?? limits.maxStorageBufferBindingSize,
      minStorageBufferOffsetAlignment: limits.minStorageBufferOffsetAlignment,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    },
  }
  const shapes = inputs.map(input => input?.shape)
  const outputs = kernel.shapes(shapes, attributes).map(shape => place(device, shape))
  const sizes = kernel.scratch?.(shapes, attributes) ?? []
  const scratch = sizes.map(size => place(device, [mostBindingBytes ? 8 * size + 4096 : Math.max(1, size)]))
  const bindings = {
    inputs: inputs.map(input => input && place(device, input.shape, input.data)),
    outputs,
    scratch,
  }
  const steps = kernel.steps(bindings, attributes, facts)
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

type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor

/** The value of `f` on tfjs's CPU backend. */
export async function evaluateOnCpu(f: TensorFunction, inputs: readonly TestTensor[]): Promise<Float32Array> {
  await tf.setBackend('cpu')
  return tf.tidy(
    () => f(...inputs.map(({ data, shape }) => tf.tensor(data, [...shape]))).dataSync() as Float32Array,
  )
}

/** The value and all gradients of `f` on a backend, given the gradient of its value. */
export async function differentiateOn(
  backend: string,
  f: TensorFunction,
  inputs: readonly TestTensor[],
  seed: number,
): Promise<Float32Array[]> {
  await tf.setBackend(backend)
  const results = tf.tidy(() => {
    const tensors = inputs.map(({ data, shape }) => tf.tensor(data, [...shape]))
    const value = f(...tensors)
    return [value, ...tf.grads(f)(tensors, tf.tensor(sample(value.size, seed), value.shape))]
  })
  const values = await Promise.all(results.map(result => result.data()))
  tf.dispose(results)
  return values as Float32Array[]
}
