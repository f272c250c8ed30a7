// From HU to the network's input and back onto the scan: window, resampling, tiles laid over each other.
import * as tf from '@tensorflow/tfjs-core'
import { accumulateTile } from '../../src/kernels/accumulateTile.ts'
import { windowHu } from '../../src/kernels/huWindow.ts'
import { trilinearResample } from '../../src/kernels/trilinearResample.ts'
import { floats, pickSize, type BenchCase, type Scale } from './case.ts'

export function tileCases(scale: Scale): BenchCase[] {
  const side = pickSize(scale, { quick: 24, normal: 64, full: 96, gpu: 192 })
  const tile = side / 2
  const volume = floats(side, side, side)
  return [
    {
      name: `HU window, ${side}³ voxels`,
      inputs: { hu: { ...floats(1, side, side, side, 1), scale: 2000 } },
      compute: ({ hu }) => ({ y: windowHu(hu, [-500, 500], [0, 1]) }),
      jax: ({ numpy: np }, { hu }) => ({ y: np.clip(hu, -500, 500).add(500).mul(0.001) }),
    },
    {
      name: `trilinear resampling, ${side}³ to ${tile}³ voxels`,
      inputs: { x: floats(1, side, side, side, 1) },
      compute: ({ x }) => ({ y: trilinearResample(x, [tile, tile, tile], [2, 2, 2]) }),
    },
    {
      name: `weighted tile of ${tile}³ into ${side}³ voxels`,
      inputs: {
        sum: volume,
        weight: volume,
        tile: floats(tile, tile, tile),
        gaussian: floats(tile, tile, tile),
      },
      compute: t => {
        const origin = tf.tensor1d([tile / 2, tile / 4, tile], 'int32')
        const [sum, weight] = accumulateTile(t.sum, t.weight, t.tile, t.gaussian, origin)
        return { nextSum: sum, nextWeight: weight }
      },
    },
  ]
}
