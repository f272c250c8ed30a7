// Which patch tokens the teacher keeps (SPEC 4): exactly ⌊ratio·Np + 1e-9⌋ of a sample's Np tokens are dropped, chosen
// uniformly without replacement, independently for every sample and step. A counter-based generator: the pattern follows
// from seed, step and sample alone, the same bits on every device, so that a run can be repeated.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/keepPattern.wgsl?raw'
import { shuffledTokens, tokenKeys } from '../tokens/tokenDraw.ts'
import { isKernelKnown, runGpuKernel, type GpuKernel, type KernelAttributes } from './gpuKernel.ts'
import { bindTensor, elementCount, packUniforms, requireShape } from './stepParts.ts'

/** Share of the patch tokens that SPEC 4 drops. */
export const defaultDropRatio = 0.7
const workgroup = 256

export function droppedTokens(tokens: number, ratio: number): number {
  return Math.floor(ratio * tokens + 1e-9)
}

/** The pattern computed here: [samples · tokens], 1 = kept; what the ONNX path takes as its input `keep`. */
export function drawKeepPattern(
  seed: number,
  step: number,
  samples: number,
  tokens: number,
  ratio = defaultDropRatio,
): Float32Array<ArrayBuffer> {
  const keep = new Float32Array(samples * tokens).fill(1)
  for (let sample = 0; sample < samples; sample++) {
    const order = shuffledTokens(tokenKeys(seed, step, sample, tokens))
    for (const token of order.slice(0, droppedTokens(tokens, ratio))) keep[sample * tokens + token] = 0
  }
  return keep
}

const shapeOf = ({ shape }: KernelAttributes) => shape as readonly number[]

/** Attributes `shape` [B,d,h,w] and `ratio`; input `counter` [2], int32: seed and step. Bits are exact: tolerance 0. */
export const keepPatternKernel: GpuKernel = {
  name: 'KeepPattern',
  inputs: ['counter'],
  shapes([counter], attributes) {
    requireShape('keepPattern', 'a counter (seed, step)', counter, [2])
    return [[...shapeOf(attributes)]]
  },
  steps({ inputs: [counter], outputs: [keep] }, { ratio }, device) {
    if (counter!.dtype !== 'int32')
      throw new Error('keepPattern: expected seed and step as int32, got float32; cast them.')
    const [B, ...grid] = keep.shape
    const tokens = elementCount(grid)
    return [
      {
        key: 'keepPattern',
        code: `const WORKGROUP = ${workgroup}u;\n${text}`,
        entryPoint: 'main',
        workgroups: [B, 1, 1],
        uniforms: packUniforms([tokens, droppedTokens(tokens, Number(ratio))]),
        buffers: { 1: bindTensor(counter!, device), 2: bindTensor(keep, device) },
      },
    ]
  },
}

/**
 * keep [B,d,h,w] drawn from `counter` [2] (seed, step; int32). Where the kernel is unknown the counter's value is read
 * here, which a graph under construction refuses: feed it `drawKeepPattern` as an input instead.
 */
export function keepPattern(
  counter: tf.Tensor,
  shape: readonly number[],
  ratio = defaultDropRatio,
): tf.Tensor {
  keepPatternKernel.shapes([counter.shape], { shape })
  if (isKernelKnown(keepPatternKernel)) return runGpuKernel(keepPatternKernel, [counter], { shape, ratio })[0]
  const [seed, step] = counter.dataSync()
  const [B, ...grid] = shape
  return tf.tensor(drawKeepPattern(seed, step, B, elementCount(grid), ratio), [...shape])
}
