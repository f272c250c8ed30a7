// Losses on WebGPU: on plain buffers at default limits, and as differentiated tfjs kernels beside the autodiff of their
// references on the CPU.
import { describe, expect, it } from 'vitest'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { centreUpdateKernel, updateCentre } from './centreUpdate.ts'
import { diceCrossEntropyGradientKernel, diceCrossEntropyKernel } from './diceCrossEntropy.ts'
import { crossViewLoss, maskedTokenLoss } from './distillationLoss.ts'
import { chooseTiles, type KernelAttributes } from './gpuKernel.ts'
import { differentiateOn, evaluateOn, runPlainly, type HostArray } from './kernelTestSupport.ts'
import { maskedL1, maskedL1GradientKernel, maskedL1Kernel } from './maskedL1.ts'
import { diceTerms, rareForegroundTerms, type LossTerms } from './segmentationLoss.ts'
import { sharpenedCrossEntropyGradientKernel, sharpenedCrossEntropyKernel } from './sharpenedCrossEntropy.ts'
import { softmaxCrossEntropy } from './softmaxCrossEntropy.ts'
import { expectClose, sample } from './testSupport.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

const floats = (shape: readonly number[], seed: number, scale = 1): HostArray => ({
  data: sample(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ).map(value => scale * value),
  shape,
})
const labelsFor = (shape: readonly number[], classes: number, seed: number): HostArray => ({
  data: Int32Array.from(floats(shape, seed).data, value => Math.floor(((value + 1) / 2) * classes)),
  shape,
})
const maskFor = (shape: readonly number[], seed: number): HostArray => ({
  data: Float32Array.from(floats(shape, seed).data, value => (value > 0.2 ? 1 : 0)),
  shape,
})

// Losses: the driver's exp and log, sums in another order. Gradients go through them once more. Both well within what the
// golden fixtures ask for.
const tolerance = { loss: 1e-5, gradient: 2e-5 }

/** Value and gradients of a loss on WebGPU beside the reference's on the CPU. */
async function expectLossAgrees(
  loss: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly HostArray[],
  data: readonly HostArray[],
): Promise<void> {
  const dOutput = Float32Array.of(-0.75)
  const got = await differentiateOn('webgpu', loss, inputs, data, dOutput)
  const want = await differentiateOn('cpu', loss, inputs, data, dOutput)
  want.forEach((values, i) => expectClose(got[i], values, i === 0 ? tolerance.loss : tolerance.gradient))
}

describe.skipIf(!gpu)('Dice and cross entropy', () => {
  const weighted = ({ dice, crossEntropy }: LossTerms) => tf.add(tf.mul(dice, 0.6), crossEntropy)

  it.each([
    ['squared', 2, { squared: true, nr: 0, dr: 1e-6, includeBackground: true }],
    ['MONAI’s', 3, { squared: false, nr: 1e-5, dr: 1e-5, includeBackground: true }],
    ['without background', 5, { squared: false, nr: 1e-5, dr: 1e-5, includeBackground: false }],
  ])('%s of %i classes agree with their reference, gradient included', async (_, K, options) => {
    // 210 voxels: threads that take 30 and threads that take 29 in the partial sums.
    const logits = floats([3, 5, 6, 7, K], 1, 4)
    const labels = labelsFor([3, 5, 6, 7], K, 2)
    await expectLossAgrees((x, y) => weighted(diceTerms(x, y, options)), [logits], [labels])
  })

  it('over the whole batch, with a weighted foreground, agree with the loss for a rare foreground', async () => {
    const labels = labelsFor([3, 5, 6, 7], 2, 3)
    const loss = (x: tf.Tensor, y: tf.Tensor) => weighted(rareForegroundTerms(x, y, 20))
    await expectLossAgrees(loss, [floats([3, 5, 6, 7, 2], 4, 4)], [labels])
  })

  it('are finite where a softmax saturates and a class is absent', async () => {
    const logits = { data: Float32Array.of(200, -200, -300, 300), shape: [1, 1, 1, 2, 2] }
    const labels = { data: Int32Array.of(0, 0), shape: [1, 1, 1, 2] }
    const options = { squared: true, nr: 0, dr: 1e-6, includeBackground: true }
    await expectLossAgrees((x, y) => weighted(diceTerms(x, y, options)), [logits], [labels])
  })

  it('give the same in parts when the batch is larger than a binding may be', async () => {
    const [logits, labels] = [floats([4, 4, 4, 4, 2], 5), labelsFor([4, 4, 4, 4], 2, 6)]
    const run = { mostBindingBytes: 4 * 64 * 2 * 2 }
    for (const overBatch of [false, true]) {
      const attributes: KernelAttributes = {
        ...{ squared: true, nr: 1, dr: 1, includeBackground: true },
        ...{ overBatch, foregroundWeight: 3 },
      }
      const { device } = gpu!
      const whole = await runPlainly(device, diceCrossEntropyKernel, [logits, labels], attributes)
      // Partial sums are bound whole; they are small, so that only the batch is cut here.
      const parts = await runPlainly(device, diceCrossEntropyKernel, [logits, labels], attributes, run)
      expect(parts.map(values => Array.from(values))).toEqual(whole.map(values => Array.from(values)))
      const factors = { data: Float32Array.from(whole[2]), shape: [overBatch ? 1 : 4, 5] }
      const one = { data: Float32Array.of(1), shape: [] }
      const inputs = [logits, labels, factors, one, one]
      const [wholeGradient] = await runPlainly(device, diceCrossEntropyGradientKernel, inputs, attributes)
      const [gradient] = await runPlainly(device, diceCrossEntropyGradientKernel, inputs, attributes, run)
      expect(Array.from(gradient)).toEqual(Array.from(wholeGradient))
      expect(gradient.every(Number.isFinite)).toBe(true)
    }
  })

  it('refuse labels of another grid in a sentence', () => {
    expect(() =>
      diceCrossEntropyKernel.shapes(
        [
          [1, 2, 2, 2, 3],
          [1, 2, 2, 4],
        ],
        {},
      ),
    ).toThrow('diceCrossEntropy: expected labels of shape [1, 2, 2, 2], got [1, 2, 2, 4].')
  })
})

describe.skipIf(!gpu)('masked L1', () => {
  it('agrees with its reference, gradient included, and has no slope where both are equal', async () => {
    const shape = [3, 1, 5, 7, 9]
    const reconstruction = floats(shape, 1)
    const image = floats(shape, 2)
    for (let i = 0; i < 40; i++) image.data[i] = reconstruction.data[i]
    await expectLossAgrees(maskedL1, [reconstruction], [image, maskFor(shape, 3)])
  })

  it('is 0 for an empty mask', async () => {
    const inputs = [floats([70], 1), floats([70], 2), { data: new Float32Array(70), shape: [70] }]
    const [loss] = await evaluateOn('webgpu', (x, y, m) => [maskedL1(x, y, m)], inputs)
    expect(Array.from(loss)).toEqual([0])
  })

  it('takes a mask of whole numbers', async () => {
    const mask = { data: Int32Array.from(maskFor([70], 3).data), shape: [70] }
    const inputs = [floats([70], 1), floats([70], 2)]
    const of = (data: HostArray) => runPlainly(gpu!.device, maskedL1Kernel, [...inputs, data])
    const [whole] = await of(mask)
    const [float] = await of(maskFor([70], 3))
    expect(Array.from(whole)).toEqual(Array.from(float))
  })

  it('is nearly the same in parts, and its gradient is the same', async () => {
    const data = [floats([1000], 1), floats([1000], 2), maskFor([1000], 3)]
    const run = { mostBindingBytes: 1100 }
    const [loss, inverse] = await runPlainly(gpu!.device, maskedL1Kernel, data)
    const [partsLoss] = await runPlainly(gpu!.device, maskedL1Kernel, data, {}, run)
    // Threads add up other elements, so sums round differently.
    expectClose(partsLoss, loss, 2e-6)
    const scalars = [Float32Array.from(inverse), Float32Array.of(2)].map(one => ({ data: one, shape: [] }))
    const [gradient] = await runPlainly(gpu!.device, maskedL1GradientKernel, [...data, ...scalars])
    const [parts] = await runPlainly(gpu!.device, maskedL1GradientKernel, [...data, ...scalars], {}, run)
    expect(Array.from(parts)).toEqual(Array.from(gradient))
    expect(gradient.every(Number.isFinite)).toBe(true)
  })
})

describe.skipIf(!gpu)('softmax cross entropy', () => {
  it.each([
    ['two rows', 2, 3],
    ['more rows than are added up at once', 150, 5],
  ])('of %s agrees with its reference, with and without class weights', async (_, N, K) => {
    const [logits, labels] = [floats([N, K], 1, 3), labelsFor([N], K, 2)]
    const weights = { data: Float32Array.from({ length: K }, (_, k) => 0.5 + k), shape: [K] }
    await expectLossAgrees((x, y) => softmaxCrossEntropy(x, y), [logits], [labels])
    await expectLossAgrees((x, y, w) => softmaxCrossEntropy(x, y, w), [logits], [labels, weights])
  })
})

describe.skipIf(!gpu).each(['registers', 'shared'] as const)('sharpened cross entropy, variant %s', tiles => {
  const temperatures = { student: 0.1, teacher: 0.05 }

  it.each([
    ['whole lanes', 64],
    ['single prototypes, fewer than threads', 7],
    ['more prototypes than threads', 330],
  ])('agrees with its reference for tokens and for views, with %s', async (_, K) => {
    chooseTiles(tiles)
    const centre = floats([K], 3, 0.1)
    const tokens = [floats([4, 5, K], 1), floats([4, 5, K], 2), centre, maskFor([4, 5], 4)]
    tokens[3].data.fill(0, 0, 5) // a sample without a masked token
    await expectLossAgrees(
      (s, t, c, m) => maskedTokenLoss(s, t, c, m, temperatures),
      tokens.slice(0, 1),
      tokens.slice(1),
    )
    const views = [floats([6, K], 5), floats([6, K], 6), centre]
    await expectLossAgrees(
      (s, t, c) => crossViewLoss(s, t, c, temperatures),
      views.slice(0, 1),
      views.slice(1),
    )
  })

  it('takes the teacher’s temperature as a tensor', async () => {
    chooseTiles(tiles)
    const data = [floats([2, 8], 6), floats([8], 7, 0.1), { data: Float32Array.of(0.06), shape: [] }]
    await expectLossAgrees(
      (s, t, c, temperature) => crossViewLoss(s, t, c, { student: 0.1, teacher: temperature as tf.Scalar }),
      [floats([2, 8], 5)],
      data,
    )
  })

  it('gives the same in parts when the tokens are larger than a binding may be', async () => {
    const one = { data: Float32Array.of(0.05), shape: [] }
    const inputs = [
      ...[floats([5, 130, 5], 1), floats([5, 130, 5], 2), floats([5], 3), one],
      maskFor([5, 130], 4),
    ]
    const attributes = { studentTemperature: 0.1, swapViews: false }
    const run = { tiles, mostBindingBytes: 4 * 5 * 650 - 20 }
    const { device } = gpu!
    const whole = await runPlainly(device, sharpenedCrossEntropyKernel, inputs, attributes, { tiles })
    const parts = await runPlainly(device, sharpenedCrossEntropyKernel, inputs, attributes, run)
    expect(parts.map(values => Array.from(values))).toEqual(whole.map(values => Array.from(values)))
    const saved = [
      { data: Float32Array.from(whole[1]), shape: [5, 130, 4] },
      { data: Float32Array.from(whole[2]), shape: [5] },
      one,
    ]
    const all = [...inputs, ...saved]
    const [gradient] = await runPlainly(device, sharpenedCrossEntropyGradientKernel, all, attributes)
    const [cut] = await runPlainly(device, sharpenedCrossEntropyGradientKernel, all, attributes, run)
    expect(Array.from(cut)).toEqual(Array.from(gradient))
    expect(gradient.every(Number.isFinite)).toBe(true)
  })
})

describe.skipIf(!gpu)('losses computed again', () => {
  it('are the same bit by bit, gradients included', async () => {
    const options = { squared: true, nr: 0, dr: 1e-6, includeBackground: true }
    const temperatures = { student: 0.1, teacher: 0.05 }
    const logits = floats([2, 6, 7, 8, 2], 1, 4)
    const student = floats([4, 5, 70], 2)
    const all = (x: tf.Tensor, s: tf.Tensor, y: tf.Tensor, t: tf.Tensor, c: tf.Tensor, m: tf.Tensor) =>
      tf.addN([
        ...Object.values(diceTerms(x, y, options)),
        maskedTokenLoss(s, t, c, m, temperatures),
        maskedL1(s, t, tf.ones(t.shape)),
      ])
    const data = [labelsFor([2, 6, 7, 8], 2, 3), floats([4, 5, 70], 4), floats([70], 5), maskFor([4, 5], 6)]
    const run = () => differentiateOn('webgpu', all, [logits, student], data, Float32Array.of(1))
    const once = await run()
    const again = await run()
    expect(again.map(values => Array.from(values))).toEqual(once.map(values => Array.from(values)))
    expect(once.every(values => values.every(Number.isFinite))).toBe(true)
  })
})

describe.skipIf(!gpu)('the centre’s update', () => {
  it.each([
    ['one row', [1, 6]],
    ['rows of tokens', [4, 27, 6]],
    ['more than 4096 rows, added up in three passes', [4500, 3]],
  ])('agrees with its reference for %s, whole and in parts', async (_, shape) => {
    const inputs = [floats([shape.at(-1)!], 1), floats(shape, 2, 3)]
    const of = (c: tf.Tensor, t: tf.Tensor) => [updateCentre(c, t, 0.9)]
    const [got] = await evaluateOn('webgpu', of, inputs)
    const [want] = await evaluateOn('cpu', of, inputs)
    expectClose(got, want, 2e-6)
    const run = { mostBindingBytes: 9000 }
    const [parts] = await runPlainly(gpu!.device, centreUpdateKernel, inputs, { momentum: 0.9 }, run)
    expect(Array.from(parts)).toEqual(Array.from(got))
  })
})
