// What is read off a network's scores x [..., K]: the index of the largest channel, or softmax's probability of one.
// Results [...]. Inference only: no gradient.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/channelScores.wgsl?raw'
import { isKernelKnown, runGpuKernel, type DeviceFacts, type GpuKernel } from './gpuKernel.ts'
import type { KernelBindings } from './gpuKernel.ts'
import type { ComputeStep } from './gpuProgram.ts'
import { bindableRanges, bindTensor, elementCount, flatStep, packUniforms } from './stepParts.ts'

function rowSteps(
  entryPoint: 'argMax' | 'probability',
  { inputs: [x], outputs: [output] }: KernelBindings,
  channel: number,
  device: DeviceFacts,
): ComputeStep[] {
  const K = x!.shape.at(-1)!
  return bindableRanges(elementCount(output.shape), 4 * K, device).map(({ first, count }) =>
    flatStep({
      key: 'channelScores',
      code: text,
      entryPoint,
      threads: count,
      uniforms: packUniforms([count, K, channel]),
      buffers: {
        1: bindTensor(x!, device, first * K, count * K),
        2: bindTensor(output, device, first, count),
      },
    }),
  )
}

/** Index of the largest channel as float32, the lower one of equals. Exact: tolerance 0. */
export const argMaxChannelsKernel: GpuKernel = {
  name: 'ArgMaxChannels',
  inputs: ['x'],
  shapes: ([x]) => [x!.slice(0, -1)],
  steps: (bindings, _, device) => rowSteps('argMax', bindings, 0, device),
}

/** Attribute `channel`. Tolerance 2e-6: the driver's exp, a few units in the last place. */
export const classProbabilityKernel: GpuKernel = {
  name: 'ClassProbability',
  inputs: ['x'],
  shapes([x], { channel }) {
    const K = x!.at(-1)!
    if (!Number.isInteger(channel) || Number(channel) < 0 || Number(channel) >= K)
      throw new Error(`classProbability: expected a channel from 0 to ${K - 1}, got ${channel}.`)
    return [x!.slice(0, -1)]
  },
  steps: (bindings, { channel }, device) => rowSteps('probability', bindings, Number(channel), device),
}

/** The plain composition of tfjs ops. */
export function classProbabilityReference(x: tf.Tensor, channel: number): tf.Tensor {
  const K = x.shape[x.rank - 1]
  const rows = tf.softmax(tf.reshape(x, [-1, K]))
  return tf.reshape(tf.slice(rows, [0, channel], [-1, 1]), x.shape.slice(0, -1))
}

/** x [..., K] → [...], whole numbers as float32. */
export function argMaxChannels(x: tf.Tensor): tf.Tensor {
  if (!isKernelKnown(argMaxChannelsKernel)) return tf.cast(tf.argMax(x, -1), 'float32')
  return runGpuKernel(argMaxChannelsKernel, [x])[0]
}

/** softmax(x)[..., channel] of x [..., K] → [...]. */
export function classProbability(x: tf.Tensor, channel: number): tf.Tensor {
  classProbabilityKernel.shapes([x.shape], { channel })
  if (!isKernelKnown(classProbabilityKernel)) return classProbabilityReference(x, channel)
  return runGpuKernel(classProbabilityKernel, [x], { channel })[0]
}
