// tfjs's own convolution kernels on WebGPU replaced by ours where they do the same (stride 1, same padding, no dilation, odd
// cubic filter): whatever is written with tf.conv3d runs on them, gradients included. The rest stays with tfjs.
import * as tf from '@tensorflow/tfjs-core'
import { conv3dKernel } from './conv3d.ts'
import { conv3dFilterGradientKernel, conv3dInputGradientKernel } from './conv3dGradient.ts'
import type { GpuKernel } from './gpuKernel.ts'
import { eagerKernelFunction } from './gpuKernel.ts'

interface Convolution {
  readonly strides?: number | number[]
  readonly dilations?: number | number[]
  readonly pad?: unknown
  readonly dataFormat?: string
  /** Of the filter gradient. */
  readonly filterShape?: number[]
}

const isOne = (value: number | number[] | undefined) => [value ?? 1].flat().every(each => each === 1)

/** True where our kernels compute what tfjs's attributes say. */
export function isOurConvolution(
  { strides, dilations, pad, dataFormat = 'NDHWC' }: Convolution,
  filter: readonly number[],
): boolean {
  const isCube = filter[0] === filter[1] && filter[1] === filter[2] && filter[0] % 2 === 1
  return isCube && pad === 'same' && dataFormat === 'NDHWC' && isOne(strides) && isOne(dilations)
}

function replace(kernelName: string, ours: GpuKernel, filterOf: (call: Call) => readonly number[]): void {
  const config = tf.getKernel(kernelName, 'webgpu')
  if (!config) return
  const theirs = config.kernelFunc
  const run = eagerKernelFunction(ours)
  tf.unregisterKernel(kernelName, 'webgpu')
  tf.registerKernel({
    ...config,
    kernelFunc: call => {
      const filter = filterOf(call as Call)
      return isOurConvolution(call.attrs as Convolution, filter)
        ? run({ ...call, attrs: { kernel: filter[0] } })
        : theirs(call)
    },
  })
}

interface Call {
  readonly inputs: Record<string, tf.TensorInfo>
  readonly attrs: Convolution
}

/** Replaces them for every later call; called once, after tfjs's WebGPU backend has registered its own. */
export function replaceTfjsConvolutions(): void {
  const filterInput = ({ inputs }: Call) => inputs.filter.shape
  replace(tf.Conv3D, conv3dKernel, filterInput)
  replace(tf.Conv3DBackpropInputV2, conv3dInputGradientKernel, filterInput)
  replace(tf.Conv3DBackpropFilterV2, conv3dFilterGradientKernel, ({ attrs }) => attrs.filterShape!)
}
