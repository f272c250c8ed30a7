// Fixtures of window attention, Swin blocks and semantic attention.
import * as tf from '@tensorflow/tfjs-core'
import { windowAttention } from '../../../kernels/windowAttention.ts'
import { linear } from '../../../network/layers.ts'
import { under } from '../../../network/parameters.ts'
import { attendSemantically } from '../../../network/semanticAttention.ts'
import { swinAttend, swinBlock, type SwinAttributes } from '../../../network/swin.ts'
import type { Fixture } from '../fixture.ts'
import type { GraphOperation, Tensors } from '../operation.ts'

function attributesOf(fixture: Fixture): SwinAttributes {
  const { heads, window, shifted, window_mode, window_reverse } = fixture.config
  return {
    heads: Number(heads),
    window: Number(window),
    shifted: shifted === true,
    mode: (window_mode ?? 'fixed') as SwinAttributes['mode'],
    reverse: (window_reverse ?? 'exact') as SwinAttributes['reverse'],
  }
}

/**
 * For each voxel of the grid, its row among the windows of the grid rolled by `shift` (window index, then token index).
 * The fixture's windows are cut from an already rolled grid; the kernel rolls by itself, so it gets the unrolled one.
 */
function rowsOfGrid(batch: number, grid: readonly number[], window: number, shift: number): Int32Array {
  const rows: number[] = []
  const count = grid.map(side => side / window)
  const place = (at: number, axis: number) => {
    const rolled = (at - shift + grid[axis]) % grid[axis]
    return [Math.floor(rolled / window), rolled % window]
  }
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < grid[0]; i++)
      for (let j = 0; j < grid[1]; j++)
        for (let k = 0; k < grid[2]; k++) {
          const [[wd, a], [wh, e], [ww, c]] = [place(i, 0), place(j, 1), place(k, 2)]
          const windowIndex = ((b * count[0] + wd) * count[1] + wh) * count[2] + ww
          rows.push(windowIndex * window ** 3 + (a * window + e) * window + c)
        }
  return Int32Array.from(rows)
}

function invert(rows: Int32Array): Int32Array {
  const inverse = new Int32Array(rows.length)
  rows.forEach((row, at) => (inverse[row] = at))
  return inverse
}

/** Window attention on windows in.x [B·nW, T, C]: the windows become a grid, the kernel cuts it up again. */
function attendWindows(t: Tensors, fixture: Fixture): Tensors {
  const p = under(t, 'param.')
  const x = t['in.x']
  const { heads, window, shifted, mode, reverse } = attributesOf(fixture)
  const [batch, grid] = [Number(fixture.config.batch), fixture.config.grid as number[]]
  const shift = shifted ? window >> 1 : 0
  const rows = rowsOfGrid(batch, grid, window, shift)
  const C = x.shape[2]!
  const take = (from: tf.Tensor, order: Int32Array) =>
    tf.gather(tf.reshape(from, [-1, C]), tf.tensor1d(order, 'int32'))
  const onGrid = tf.reshape(take(x, rows), [batch, ...grid, C])
  const qkv = linear(p, 'qkv', onGrid) as tf.Tensor5D
  const mixed = windowAttention(
    qkv,
    (p['qkv.bias'] ?? tf.zeros([3 * C])) as tf.Tensor1D,
    p.relative_position_bias_table as tf.Tensor2D,
    { heads, window, shift, mode, reverse },
  )
  return { y: tf.reshape(take(linear(p, 'proj', mixed), invert(rows)), x.shape) }
}

// Gradients too are compared on every path: on WebGPU they are kernels of ours, quick on a software adapter as well.
const graph = (outputs: GraphOperation['outputs']): GraphOperation => ({
  kind: 'graph',
  isQuick: true,
  outputs,
})

export const attentionOperations: Record<string, GraphOperation> = {
  window_attention: graph(attendWindows),
  swin_attend: graph((t, fixture) => ({
    y: swinAttend(under(t, 'param.'), t['in.x'], attributesOf(fixture)),
  })),
  swin_block: graph((t, fixture) => ({
    y: swinBlock(under(t, 'param.'), t['in.x'], attributesOf(fixture)),
  })),
  semantic_attention: graph((t, fixture) => {
    const { heads, depth } = fixture.config
    const { cls, tokens, satt } = attendSemantically(
      under(t, 'param.'),
      t['in.tokens'],
      Number(heads),
      Number(depth),
    )
    return { cls, tokens, satt }
  }),
}
