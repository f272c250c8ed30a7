// Dice + cross entropy (SPEC 8):  p = softmax(logits), t = one-hot label,
//   dice = mean over (row, class) of 1 − (2 Σpt + nr) / (den + dr),   den = Σt² + Σp² when squared, else Σt + Σp
//   crossEntropy = Σ w·(−log p_label) / Σ w,   w = foregroundWeight for labels above 0, else 1
// B batch, V voxels, K classes (channels last); a row is a sample, or the whole batch (`overBatch`). One pass over the
// logits forward, one backward; the backward needs 2K+1 factors a row, an output of the forward. Source: MONAI DiceCELoss.
import * as tf from '@tensorflow/tfjs-core'
import gradText from '../../shaders/diceCrossEntropyGrad.wgsl?raw'
import text from '../../shaders/diceCrossEntropy.wgsl?raw'
import { classText } from './classText.ts'
import { runGpuKernel, type DeviceFacts, type GpuKernel, type KernelAttributes } from './gpuKernel.ts'
import type { Shape, TensorBinding } from './gpuKernel.ts'
import { samplesPerBinding } from './gpuProgram.ts'
import { bindTensor, elementCount, flatStep, packUniforms } from './stepParts.ts'
import { requireShape, type ElementRange } from './stepParts.ts'
import { sumRows, sumRowsScratch } from './sumRows.ts'

export interface DiceOptions {
  /** den = Σt² + Σp² (our default), else Σt + Σp (MONAI's library default). */
  readonly squared: boolean
  /** Smoothing of numerator and denominator. */
  readonly nr: number
  readonly dr: number
  /** Whether class 0 takes part in the mean over classes. */
  readonly includeBackground: boolean
}

/** All of the kernel's attributes. */
export interface DiceAttributes extends DiceOptions {
  /** Sums over the whole batch instead of each sample. */
  readonly overBatch: boolean
  /** Weight in the cross entropy of a voxel whose label is above 0. */
  readonly foregroundWeight: number
}

/** Each thread of the first stage adds up about so many voxels. */
const voxelsPerThread = 32

const optionsOf = (attributes: KernelAttributes) => attributes as unknown as DiceAttributes

function sizesOf(logits: Shape, { overBatch }: DiceAttributes) {
  const [B, ...rest] = logits
  const K = rest.pop()!
  const V = elementCount(rest)
  return { B, V, K, threads: Math.ceil(V / voxelsPerThread), rows: overBatch ? 1 : B }
}

/** Samples bound at once. */
function partsOf(logits: Shape, options: DiceAttributes, { limits }: DeviceFacts): ElementRange[] {
  const { B, V, K } = sizesOf(logits, options)
  const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = limits
  const samples = samplesPerBinding(B, [4 * V * K, 4 * V], most, alignment)
  return Array.from({ length: Math.ceil(B / samples) }, (_, part) => ({
    first: part * samples,
    count: Math.min(samples, B - part * samples),
  }))
}

function prelude(labels: TensorBinding, { squared, includeBackground }: DiceAttributes): string {
  return `alias LabelNumber = ${labels.dtype === 'int32' ? 'i32' : 'f32'};
const SQUARED = ${squared};
const INCLUDE_BACKGROUND = ${includeBackground};\n`
}

function programKey(name: string, K: number, labels: TensorBinding, options: DiceAttributes): string {
  return `${name} ${K} ${labels.dtype} ${options.squared} ${options.includeBackground}`
}

/**
 * Outputs dice [], crossEntropy [] and the backward's factors [rows, 2K+1]. Attributes: `DiceAttributes`. Tolerance 1e-5
 * of the loss: the driver's exp and log, and sums of a hundred thousand voxels in another order.
 */
export const diceCrossEntropyKernel: GpuKernel = {
  name: 'DiceCrossEntropy',
  inputs: ['logits', 'labels'],
  shapes([logits, labels], attributes) {
    requireShape('diceCrossEntropy', 'labels', labels, logits!.slice(0, -1))
    const { K, rows } = sizesOf(logits!, optionsOf(attributes))
    return [[], [], [rows, 2 * K + 1]]
  },
  scratch([logits], attributes) {
    const { B, K, threads, rows } = sizesOf(logits!, optionsOf(attributes))
    const columns = 3 * K + 1
    return [B * threads * columns, ...sumRowsScratch(rows, (B / rows) * threads, columns)]
  },
  steps({ inputs, outputs: [dice, crossEntropy, factors], scratch }, attributes, device) {
    const [logits, labels] = inputs as readonly TensorBinding[]
    const options = optionsOf(attributes)
    const { B, V, K, threads, rows } = sizesOf(logits.shape, options)
    const [partials, ...levels] = scratch
    const key = programKey('diceCrossEntropy', K, labels, options)
    const code = classText(K, { read: ['logits'], write: ['partialSums'] }) + prelude(labels, options) + text
    const uniforms = (samples: number, first: number) =>
      packUniforms(
        [threads, samples, V, first, rows],
        [B * V, options.nr, options.dr, options.foregroundWeight],
      )
    const gather = partsOf(logits.shape, options, device).map(({ first, count }) =>
      flatStep({
        ...{ key, code, entryPoint: 'gather', threads: count * threads },
        uniforms: uniforms(count, first),
        buffers: {
          1: bindTensor(logits, device, first * V * K, count * V * K),
          2: bindTensor(labels, device, first * V, count * V),
          3: bindTensor(partials, device),
        },
      }),
    )
    const { steps, sums } = sumRows(partials, levels, rows, (B / rows) * threads, 3 * K + 1, device)
    const finish = flatStep({
      ...{ key, code, entryPoint: 'finish', threads: 1 },
      uniforms: uniforms(B, 0),
      buffers: {
        4: bindTensor(sums, device),
        5: bindTensor(dice, device),
        6: bindTensor(crossEntropy, device),
        7: bindTensor(factors, device),
      },
    })
    return [...gather, ...steps, finish]
  },
}

/** dLogits from the forward's factors, dDice [] and dCrossEntropy []. Tolerance 2e-5 of the largest gradient. */
export const diceCrossEntropyGradientKernel: GpuKernel = {
  name: 'DiceCrossEntropyGradient',
  inputs: ['logits', 'labels', 'factors', 'dDice', 'dCrossEntropy'],
  shapes: ([logits]) => [[...logits!]],
  steps({ inputs, outputs: [dLogits] }, attributes, device) {
    const [logits, labels, factors, dDice, dCrossEntropy] = inputs as readonly TensorBinding[]
    const options = optionsOf(attributes)
    const { B, V, K, rows } = sizesOf(logits.shape, options)
    const code =
      classText(K, { read: ['logits', 'factors'], write: ['dLogits'] }) + prelude(labels, options) + gradText
    return partsOf(logits.shape, options, device).map(({ first, count }) =>
      flatStep({
        key: programKey('diceCrossEntropyGradient', K, labels, options),
        code,
        threads: count * V,
        // One row's factors serve a sample's voxels, or all of the batch.
        uniforms: packUniforms(rows === 1 ? [count * V, B * V, 0] : [count * V, V, first], [
          options.foregroundWeight,
        ]),
        buffers: {
          1: bindTensor(logits, device, first * V * K, count * V * K),
          2: bindTensor(labels, device, first * V, count * V),
          3: bindTensor(factors, device),
          4: bindTensor(dDice, device),
          5: bindTensor(dCrossEntropy, device),
          6: bindTensor(dLogits, device, first * V * K, count * V * K),
        },
      }),
    )
  },
}

export function registerDiceCrossEntropyGradient(): void {
  tf.registerGradient({
    kernelName: diceCrossEntropyKernel.name,
    inputsToSave: ['logits', 'labels'],
    outputsToSave: [false, false, true],
    gradFunc: (dy, [logits, labels, factors], attributes) => {
      const [dDice, dCrossEntropy] = dy as tf.Tensor[]
      const inputs = [logits, labels, factors, dDice, dCrossEntropy]
      const [dLogits] = runGpuKernel(
        diceCrossEntropyGradientKernel,
        inputs,
        attributes as unknown as KernelAttributes,
      )
      return { logits: () => dLogits }
    },
  })
}
