// For tests: reproducible inputs, the layouts every path is tested on, comparison, and buffers to run programs on.
import { expect } from 'vitest'
import type { DeviceFacts, GpuKernel, KernelAttributes, Shape, TensorBinding } from './gpuKernel.ts'
import { encodeSteps } from './gpuProgram.ts'
import type { WindowAttributes } from './windowLayout.ts'

/** Reproducible numbers in (−1, 1). */
export function sample(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = Math.imul(seed, 2654435761) >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 2 ** 32) * 2 - 1
  })
}

/** Fails unless the largest error is within `share` of the largest wanted value; not-a-number always fails. */
export function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, share: number): void {
  expect(got.length).toBe(want.length)
  const largest = Array.from(want).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const worst = Array.from(want).reduce((most, value, i) => {
    const error = Math.abs(got[i] - value)
    return error <= most ? most : error // NaN takes the place of any number and stays
  }, 0)
  // Where all is zero but for weights of e^-100, only that they are as small can be said.
  expect(worst).toBeLessThanOrEqual(share * largest + 1e-20)
}

/** A storage buffer holding `data`, or `data` times not-a-number, so that what a program leaves out shows. */
export function makeBuffer(device: GPUDevice, data: Float32Array | number): GPUBuffer {
  const values = typeof data === 'number' ? new Float32Array(data).fill(NaN) : data
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const buffer = device.createBuffer({ size: values.byteLength, usage, mappedAtCreation: true })
  new Float32Array(buffer.getMappedRange()).set(values)
  buffer.unmap()
  return buffer
}

/** Records, submits and reads back; a validation error fails with its text. */
export async function runAndRead(
  device: GPUDevice,
  record: (encoder: GPUCommandEncoder) => void,
  outputs: readonly GPUBuffer[],
): Promise<Float32Array[]> {
  device.pushErrorScope('validation')
  const encoder = device.createCommandEncoder()
  record(encoder)
  const copies = outputs.map(({ size }) =>
    device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
  )
  outputs.forEach((buffer, i) => encoder.copyBufferToBuffer(buffer, 0, copies[i], 0, buffer.size))
  device.queue.submit([encoder.finish()])
  const error = await device.popErrorScope()
  if (error) throw new Error(error.message)
  return Promise.all(
    copies.map(async copy => {
      await copy.mapAsync(GPUMapMode.READ)
      const values = new Float32Array(copy.getMappedRange().slice(0))
      copy.destroy()
      return values
    }),
  )
}

/** What a kernel is told of the device, with another limit where a test asks for one. */
export function deviceFacts(
  { limits }: GPUDevice,
  tiles: DeviceFacts['tiles'],
  changed: Partial<DeviceFacts['limits']> = {},
): DeviceFacts {
  const {
    maxStorageBufferBindingSize,
    minStorageBufferOffsetAlignment,
    maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupsPerDimension,
  } = limits
  const own = {
    maxStorageBufferBindingSize,
    minStorageBufferOffsetAlignment,
    maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupsPerDimension,
  }
  return { tiles, limits: { ...own, ...changed } }
}

/** Runs a kernel on plain buffers and reads its outputs, which begin as not-a-number. */
export function runKernel(
  device: GPUDevice,
  kernel: GpuKernel,
  inputs: readonly (readonly [Float32Array, Shape] | undefined)[],
  attributes: KernelAttributes,
  facts: DeviceFacts,
): Promise<Float32Array[]> {
  const shapes = inputs.map(input => input?.[1])
  const bind = (data: Float32Array | number, shape: Shape): TensorBinding => {
    const buffer = makeBuffer(device, data)
    return { buffer, offset: 0, size: buffer.size, shape, dtype: 'float32' }
  }
  const poisoned = (shape: Shape) =>
    bind(
      shape.reduce((a, b) => a * b, 1),
      shape,
    )
  const bindings = {
    inputs: inputs.map(input => input && bind(...input)),
    outputs: kernel.shapes(shapes, attributes).map(poisoned),
    scratch: (kernel.scratch?.(shapes, attributes) ?? []).map(count => poisoned([count])),
  }
  return runAndRead(
    device,
    encoder => encodeSteps(device, encoder, kernel.steps(bindings, attributes, facts)),
    bindings.outputs.map(({ buffer }) => buffer),
  )
}

/** Layouts that the tests of every path share: name, qkv shape, attributes. */
export const attentionCases: readonly (readonly [string, readonly number[], WindowAttributes])[] = [
  ['whole windows', [1, 8, 4, 4, 72], { heads: 2, window: 4, shift: 0, mode: 'fixed', reverse: 'exact' }],
  [
    'padding and shift on an odd grid',
    [1, 5, 6, 7, 36],
    { heads: 1, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'padding without shift, a batch of three, heads of 6',
    [3, 3, 5, 4, 36],
    { heads: 2, window: 4, shift: 0, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'a batch of two on a grid smaller than the window, heads of 3',
    [2, 2, 3, 2, 27],
    { heads: 3, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' },
  ],
  ['heads of 96', [1, 4, 6, 4, 288], { heads: 1, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' }],
  [
    'a window of 7 that shrinks on two axes',
    [1, 4, 9, 7, 24],
    { heads: 2, window: 7, shift: 3, mode: 'shrink', reverse: 'exact' },
  ],
  [
    'a whole window of 7, more slots than threads',
    [1, 7, 7, 7, 12],
    { heads: 1, window: 7, shift: 0, mode: 'fixed', reverse: 'exact' },
  ],
  [
    // 64 heads of one number: 32 slices of two windows each in the gradient.
    'more windows than the gradient’s slices',
    [1, 8, 8, 7, 192],
    { heads: 64, window: 2, shift: 1, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'SMIT’s window order, padded and shifted',
    [1, 6, 9, 7, 24],
    { heads: 2, window: 4, shift: 2, mode: 'fixed', reverse: 'smit' },
  ],
]

/** qkv, qkvBias, biasTable and dOutput of a case; scores of a few units make the softmax matter. */
export function caseInputs(
  shape: readonly number[],
  { heads, window }: WindowAttributes,
): Float32Array<ArrayBuffer>[] {
  const count = shape.reduce((a, b) => a * b)
  const scaled = (values: Float32Array<ArrayBuffer>, by: number) => values.map(value => by * value)
  return [
    scaled(sample(count, 1), 2),
    sample(shape[4], 2),
    sample((2 * window - 1) ** 3 * heads, 3),
    sample(count / 3, 4),
  ]
}
