import { beforeAll, describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-cpu'
import { rareForegroundLoss, softmaxCrossEntropy } from './losses.ts'
import { emaMomentum, teacherTemperature, warmupCosine } from './schedules.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const crop = (logits: number[], labels: number[], weight: number) =>
  rareForegroundLoss(
    tf.tensor(logits, [1, 1, 1, labels.length, 2]),
    tf.tensor(labels, [1, 1, 1, labels.length], 'int32'),
    weight,
  ).dataSync()[0]

describe('the loss for a rare foreground', () => {
  it('is the Dice and the weighted cross entropy of a case worked out by hand', () => {
    // Even odds at both voxels: cross entropy ln 2 whatever the weights; Dice (2·½·1 + 1) / (¼ + ¼ + 1 + 1).
    expect(crop([0, 0, 0, 0], [0, 1], 20)).toBeCloseTo(Math.log(2) + 1 - 2 / 2.5, 6)
  })

  it('asks more for a missed nodule voxel the more it weighs', () => {
    const missed = [3, -3, 3, -3]
    expect(crop(missed, [0, 1], 20)).toBeGreaterThan(crop(missed, [0, 1], 2) + 1)
  })

  it('is nearly nothing for a crop without a nodule where none is seen', () => {
    expect(crop([9, -9, 9, -9], [0, 0], 20)).toBeLessThan(1e-4)
  })
})

describe('class-weighted cross entropy', () => {
  it('divides by the weights of the rows', () => {
    const logits = tf.tensor([0, 0, 0, Math.log(3)], [2, 2])
    const loss = softmaxCrossEntropy(logits, tf.tensor1d([0, 1], 'int32'), tf.tensor1d([1, 3]))
    // (1·ln 2 + 3·ln 4/3) / 4
    expect(loss.dataSync()[0]).toBeCloseTo((Math.log(2) + 3 * Math.log(4 / 3)) / 4, 6)
  })
})

describe('schedules', () => {
  it('warm up, reach the base rate and end at 0', () => {
    expect(warmupCosine(5, 1, 10, 110)).toBe(0.5)
    expect(warmupCosine(10, 1, 10, 110)).toBe(1)
    expect(warmupCosine(60, 1, 10, 110)).toBeCloseTo(0.5, 12)
    expect(warmupCosine(110, 1, 10, 110)).toBeCloseTo(0, 12)
  })

  it('raise the teacher’s temperature over 30 epochs and its momentum to 1', () => {
    expect(teacherTemperature(0)).toBe(0.04)
    expect(teacherTemperature(30)).toBe(0.07)
    expect(emaMomentum(0, 100)).toBeCloseTo(0.996, 12)
    expect(emaMomentum(100, 100)).toBe(1)
  })
})
