import { describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs'
import { traceGraph } from '../../src/graph/trace.ts'
import type { Tensors } from '../cases/case.ts'
import { countWork } from './countWork.ts'
import { largestDifference, median, spread } from './statistics.ts'

const floats = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const

describe('countWork', () => {
  it('counts two operations for each product of a matrix multiplication and one for each bias', () => {
    const graph = traceGraph(
      ({ a, b, bias }) => ({ y: tf.add(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), bias) }),
      { a: floats(5, 7), b: floats(7, 3), bias: floats(3) },
    )
    expect(countWork(graph)).toEqual({ flops: 2 * 5 * 7 * 3 + 15, bytes: 4 * (35 + 21 + 3 + 15) })
  })

  it('counts a convolution and each of its gradients alike', () => {
    const inputs = { x: floats(1, 4, 5, 6, 2), filter: floats(3, 3, 3, 2, 7), dy: floats(1, 4, 5, 6, 7) }
    const convolve = ({ x, filter }: Tensors) => tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, 'same')
    const forward = countWork(traceGraph(t => ({ y: convolve(t) }), inputs)).flops
    // k³ · in · out products for each of the 4·5·6 voxels.
    expect(forward).toBe(2 * 27 * 2 * 7 * 120)
    const all = traceGraph(t => {
      const { value, grads } = tf.engine().gradients(() => convolve(t), [t.x, t.filter], t.dy)
      return { y: value, dx: grads[0], dFilter: grads[1] }
    }, inputs)
    expect(countWork(all).flops).toBe(3 * forward)
  })
})

describe('statistics', () => {
  it('takes the middle, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 2, 9])).toBe(3)
    expect(spread([8, 10, 14])).toBe(0.3)
  })

  it('relates a difference to the largest value of its tensor and lets nothing missing pass', () => {
    const wanted = { a: Float32Array.of(1, -4), b: Float32Array.of(0.5) }
    expect(largestDifference({ a: Float32Array.of(1, -3), b: Float32Array.of(0.5) }, wanted)).toBe(0.25)
    expect(largestDifference({ a: Float32Array.of(1, -4) }, wanted)).toBe(Infinity)
    expect(largestDifference({ a: Float32Array.of(1, NaN), b: Float32Array.of(0.5) }, wanted)).toBe(Infinity)
  })
})
