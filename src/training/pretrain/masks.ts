// The masks of a step (SPEC 4): by the teacher's attention inside the graph, the others drawn here from seed and step and
// fed to it. B rows, (d,h,w) the stage-3 grid, N = d·h·w tokens. 1 = hidden from the student.
import * as tf from '@tensorflow/tfjs-core'
import { drawTokens } from '../../kernels/keepPattern.ts'
import { attentionMask } from '../../kernels/topKMask.ts'
import { voxelCount, type Triple } from '../../base/shape.ts'
import { blockTokens, cubeTokens, type MaskDraw } from '../../insight/masks.ts'
import { hiddenTokens, type PretrainOptions } from './options.ts'

/** So that a mask and the teacher's dropout of the same step are drawn independently. */
const maskStream = 0x51a7

/**
 * A map over the tokens of another stage on stage 3's grid: the mean of a finer stage's tokens, a coarser stage's value
 * for each of its parts. map [B, N'] on `from` → [B, N] on `to`.
 */
function resampleMap(map: tf.Tensor, from: readonly number[], to: readonly number[]): tf.Tensor {
  let grid: tf.Tensor = map
  for (const axis of [0, 1, 2]) {
    if (from[axis] === to[axis]) continue
    const before = map.shape[0] * to.slice(0, axis).reduce((product, side) => product * side, 1)
    const after = from.slice(axis + 1).reduce((product, side) => product * side, 1)
    const lines = tf.reshape(grid, [before, from[axis], after])
    const ratio = from[axis] / to[axis]
    grid =
      ratio > 1
        ? tf.mean(tf.reshape(lines, [before, to[axis], ratio, after]), 2)
        : tf.tile(tf.reshape(lines, [before, from[axis], 1, after]), [1, 1, 1 / ratio, 1])
  }
  return tf.reshape(grid, [map.shape[0], -1])
}

/**
 * The mask that the attention map implies. satt [B, N'] on `attentionGrid` → [B, N] on `grid`. Of tokens that are equally
 * attended (parts of one stage-4 token) the first in memory order come first.
 */
export function maskFromAttention(
  satt: tf.Tensor,
  attentionGrid: readonly number[],
  grid: readonly number[],
  options: PretrainOptions,
): tf.Tensor {
  const map = resampleMap(satt, attentionGrid, grid)
  if (options.masking === 'attention') return attentionMask(map, options.maskRatio, options.hintRatio)
  const N = map.shape[1]!
  return attentionMask(map, 1, (N - hiddenTokens(options, N)) / N)
}

/**
 * The mask of pass `pass` where attention does not choose it: [rows · N]. With masking `none` nothing is hidden, and the
 * losses count everywhere (`countedTokens`).
 */
export function drawMask(
  options: PretrainOptions,
  grid: readonly number[],
  rows: number,
  pass: number,
): Float32Array<ArrayBuffer> {
  const shape: Triple = [grid[0], grid[1], grid[2]]
  const N = voxelCount(shape)
  const mask = new Float32Array(rows * N)
  const count = hiddenTokens(options, N)
  for (let row = 0; row < rows; row++) {
    const draw = { seed: options.seed ^ maskStream, step: pass, sample: row }
    for (const token of hiddenByChance(options, shape, count, draw)) mask[row * N + token] = 1
  }
  return mask
}

function hiddenByChance({ masking }: PretrainOptions, grid: Triple, count: number, draw: MaskDraw) {
  if (masking === 'block') return blockTokens(grid, count, draw)
  if (masking === 'cube') return cubeTokens(grid, count, draw)
  return drawTokens(draw.seed, draw.step, draw.sample, voxelCount(grid), count)
}

/** Where AMPD and AMIP count: on the hidden tokens, or everywhere when none is hidden. */
export function countedTokens(mask: tf.Tensor, { masking }: PretrainOptions): tf.Tensor {
  return masking === 'none' ? tf.onesLike(mask) : mask
}
