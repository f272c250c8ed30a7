// For tests of products, whose inputs are all made-up floats: runs of kernelTestSupport.ts in the form that they need.
import type { GpuKernel, KernelAttributes, Shape } from './gpuKernel.ts'
import * as support from './kernelTestSupport.ts'
import type { PlainRun } from './kernelTestSupport.ts'
import { sample } from './testSupport.ts'

export interface TestTensor {
  readonly shape: Shape
  readonly data: Float32Array<ArrayBuffer>
}

const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1)

/** Reproducible numbers in (−1, 1). */
export function testTensor(shape: Shape, seed: number): TestTensor {
  return { shape, data: sample(sizeOf(shape), seed) }
}

export interface KernelRun extends Pick<PlainRun, 'mostBindingBytes'> {
  readonly attributes?: KernelAttributes
  readonly tiles: NonNullable<PlainRun['tiles']>
}

/** The outputs of a kernel. @throws Error as `runPlainly`. */
export function runKernelOnBuffers(
  device: GPUDevice,
  kernel: GpuKernel,
  inputs: readonly (TestTensor | undefined)[],
  { attributes, ...run }: KernelRun,
): Promise<Float32Array[]> {
  const hasRoomyScratch = run.mostBindingBytes !== undefined
  return support.runPlainly(device, kernel, inputs, attributes, { ...run, hasRoomyScratch })
}

/** The value of `f` on tfjs's CPU backend. */
export async function evaluateOnCpu(
  f: support.TensorFunction,
  inputs: readonly TestTensor[],
): Promise<Float32Array> {
  const [value] = await support.evaluateOn('cpu', (...tensors) => [f(...tensors)], inputs)
  return value
}

/** The value and all gradients of `f` on a backend, given the gradient of its value. */
export function differentiateOn(
  backend: string,
  f: support.TensorFunction,
  inputs: readonly TestTensor[],
  seed: number,
): Promise<Float32Array[]> {
  return support.differentiateOn(backend, f, inputs, [], count => sample(count, seed))
}
