import '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { expectClose, sample } from '../kernels/testSupport.ts'
import type { Grid } from '../base/shape.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import { gridInCrop } from './labCrop.ts'
import { MARK } from './painting.ts'
import { tokenAt, tokenOf, tokensOver } from './tokenGrid.ts'
import { presets, type NetworkConfig } from '../network/config.ts'
import { blockAttributes, encode } from '../network/encoder.ts'
import { hashInitialise } from '../network/initialise.ts'
import { layerNorm, linear } from '../network/layers.ts'
import { parameterShapes, under } from '../network/parameters.ts'
import {
  attentionProgram,
  blocksOf,
  readAttention,
  type BlockAttention,
  type BlockPlace,
} from './blockAttention.ts'
import { HeadTally } from './headDiversity.ts'
import { untrainedParameters, type LabEncoder } from './labEncoder.ts'
import { attendFrom, paintQuery, queryBytes, strongestKeys } from './queryAttention.ts'
import { openSteadyProgram } from './steadyProgram.ts'

type Place = readonly [number, number, number]

const config: NetworkConfig = { ...presets.tiny, embed: 8, depths: [2, 1, 1, 2], heads: [2, 2, 2, 4] }

function makeEncoder(shape: Place, own: NetworkConfig = config): LabEncoder {
  const shapes = parameterShapes(own, {})
  const values = hashInitialise(shapes, 3)
  const parameters = Object.fromEntries(
    Object.entries(shapes).map(([name, one]) => [name, { shape: one, data: values[name] }]),
  )
  return { config: own, shape, parameters }
}

/** Queries, keys and table of a block, plainly, from what the block reads. */
async function blockQkv(
  { config: own, shape, parameters }: LabEncoder,
  image: Float32Array,
  stage: number,
  block: number,
) {
  const tensors = Object.fromEntries(
    Object.entries(parameters).map(([name, one]) => [name, tf.tensor(one.data, [...one.shape])]),
  )
  const qkv = tf.tidy(() => {
    const { blockInputs } = encode(tensors, tf.tensor(image, [1, ...shape, 1]), own)
    const p = under(tensors, `encoder.layers.${stage}.blocks.${block}.`)
    return linear(p, 'attn.qkv', layerNorm(p, 'norm1', blockInputs[stage][block]))
  })
  const table = parameters[`encoder.layers.${stage}.blocks.${block}.attn.relative_position_bias_table`].data
  return { qkv: await qkv.data(), shape: qkv.shape, table }
}

/**
 * Attention from one token to another as SPEC 2.1–2.2 say it, of two tokens' own coordinates: keys are all places of the
 * query's window on the padded, rolled grid that lie in its region. Weights by place, "pad" for padding.
 */
function attendPlainly(
  { qkv, shape, table }: Awaited<ReturnType<typeof blockQkv>>,
  query: Place,
  head: number,
  heads: number,
  shift: number,
): Map<string, number> {
  const [, ...rest] = shape
  const grid = rest.slice(0, 3)
  const C = rest[3]! / 3
  const e = C / heads
  const padded = grid.map(size => Math.ceil(size! / 4) * 4)
  const rolledOf = (at: Place) => at.map((p, axis) => (p - shift + padded[axis]) % padded[axis])
  const label = (p: number, axis: number) =>
    shift === 0 || p < padded[axis] - 4 ? 0 : p < padded[axis] - shift ? 1 : 2
  const feature = (at: Place, part: number, c: number) => {
    const isPad = at.some((p, axis) => p >= grid[axis]!)
    if (isPad) return 0 // no qkv bias in this network
    const token = (at[0] * grid[1]! + at[1]) * grid[2]! + at[2]
    return qkv[token * 3 * C + part * C + head * e + c]
  }
  const own = rolledOf(query)
  const scores = new Map<string, number>()
  for (let a = 0; a < padded[0]; a++)
    for (let b = 0; b < padded[1]; b++)
      for (let c = 0; c < padded[2]; c++) {
        const key: Place = [a, b, c]
        const there = rolledOf(key)
        if (!there.every((p, axis) => Math.floor(p / 4) === Math.floor(own[axis] / 4))) continue
        let score = 0
        for (let f = 0; f < e; f++) score += (feature(query, 0, f) * feature(key, 1, f)) / Math.sqrt(e)
        const [i, j, k] = own.map((p, axis) => p - there[axis] + 3)
        score += table[((i * 7 + j) * 7 + k) * heads + head]
        if (!there.every((p, axis) => label(p, axis) === label(own[axis], axis))) score -= 100
        scores.set(key.join(), score)
      }
  const most = Math.max(...scores.values())
  const total = [...scores.values()].reduce((sum, score) => sum + Math.exp(score - most), 0)
  return new Map([...scores].map(([key, score]) => [key, Math.exp(score - most) / total]))
}

async function attend(encoder: LabEncoder, image: Float32Array, blocks: readonly BlockPlace[]) {
  const onnx = await loadNodeRuntime()
  const places = { openGpu: async () => undefined, openCpu: () => onnx }
  const program = await openSteadyProgram(attentionProgram(encoder, blocks), places)
  const results = await program.run({ image })
  await program.release()
  return readAttention(encoder, blocks, results)
}

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('where a query looks', () => {
  const encoder = makeEncoder([20, 24, 28])
  const image = sample(20 * 24 * 28, 5)
  let blocks: BlockAttention[]
  const read = new Map<string, Awaited<ReturnType<typeof blockQkv>>>()
  beforeAll(async () => {
    blocks = await attend(encoder, image, blocksOf(config))
  })
  const find = (stage: number, block: number) =>
    blocks.find(one => one.stage === stage && one.block === block)!

  it('is a distribution over each window: every row of every block sums to 1', () => {
    expect(blocks.map(({ stage, block }) => `${stage}.${block}`)).toEqual([
      '0.0',
      '0.1',
      '1.0',
      '2.0',
      '3.0',
      '3.1',
    ])
    for (const { probabilities, layout } of blocks)
      for (let row = 0; row < probabilities.length; row += layout.tokens) {
        const sum = probabilities.subarray(row, row + layout.tokens).reduce((a, b) => a + b, 0)
        expect(Math.abs(sum - 1)).toBeLessThan(1e-5)
      }
  })

  // 10 × 12 × 14 tokens: D is padded to 12, W to 16. Stage 4 has 2 × 2 × 2 or so: one window, mostly padding.
  it.each([
    ['in a whole window', 0, 0, [5, 6, 3], 0],
    ['beside padding', 0, 0, [9, 6, 13], 1],
    ['in a shifted window', 0, 1, [5, 6, 7], 1],
    ['in a shifted window that the roll has put together from both ends', 0, 1, [0, 11, 1], 0],
    ['in a shifted window with padding', 0, 1, [9, 3, 12], 1],
    ['in a window larger than the grid, shifted', 3, 1, [1, 0, 1], 3],
  ] as const)('equals the specification word by word %s', async (_, stage, block, query, head) => {
    const attention = find(stage, block)
    const shift = blockAttributes(config, stage, block).shifted ? 2 : 0
    const key = `${stage}.${block}`
    if (!read.has(key)) read.set(key, await blockQkv(encoder, image, stage, block))
    const plain = attendPlainly(read.get(key)!, query, head, attention.heads, shift)
    const got = attendFrom(attention, query, head)
    const [d, h, w] = attention.grid
    const want = new Float32Array(d * h * w)
    let padding = 0
    for (const [place, weight] of plain) {
      const [a, b, c] = place.split(',').map(Number)
      if (a < d && b < h && c < w) want[(a * h + b) * w + c] = weight
      else padding += weight
    }
    // Two float32 orders of the same sums through up to four stages.
    expectClose(got.weights, want, 5e-4)
    expect(got.padding.weight).toBeCloseTo(padding, 4)
    expect(got.tokens + got.padding.keys + got.masked).toBe(64)
  })

  it('leaves tokens of another region and of other windows without a mark', () => {
    const got = attendFrom(find(0, 1), [0, 11, 1], 'mean')
    const [, h, w] = find(0, 1).grid
    const isKey = (d: number, y: number, x: number) => got.isKey[(d * h + y) * w + x]
    expect([isKey(0, 11, 1), isKey(1, 10, 0)]).toEqual([1, 1])
    // The roll put the far ends of D and W into the same window; the shift mask parts them.
    expect([isKey(9, 11, 1), isKey(0, 11, 13), isKey(0, 0, 1), isKey(4, 11, 1)]).toEqual([0, 0, 0, 0])
    expect(got.masked).toBeGreaterThan(0)
  })

  it('is painted where its keys stand, and nowhere else', () => {
    const image: Grid = {
      shape: encoder.shape,
      spacingMm: [2, 1, 1],
      affine: [1, 0, 0, -9, 0, 1, 0, 4, 0, 0, 2, 7, 0, 0, 0, 1],
    }
    const tokens = tokensOver(image, 2)
    const attention = find(0, 1)
    const got = attendFrom(attention, [0, 11, 1], 0)
    const { crop, map, marks } = paintQuery(got, tokens, 2)
    // Rolled by two, windows begin at token 2 of each axis: this query's holds 0–1 of D, 10–11 of H and 0–1 of W.
    expect(map!.shape).toEqual([2, 2, 2])
    const painted = gridInCrop(image, crop, map!.shape)
    for (let i = 0; i < 8; i++) {
      const cell = tokenAt(i, map!.shape)
      const token = tokenOf(tokens, voxelToRasMm(painted.affine, cell))!
      expect(token).toEqual([cell[0], 10 + cell[1], cell[2]])
      expect(map!.values[i]).toBe(got.weights[(token[0] * 12 + token[1]) * 14 + token[2]])
      expect(marks!.codes[i]).toBe(token.join() === '0,11,1' ? MARK.hint : MARK.none)
    }
    expect(Math.max(...queryBytes(got))).toBe(255)
  })

  it('averages heads, and lists the strongest keys first', () => {
    const attention = find(0, 0)
    const [one, two, mean] = [0, 1, 'mean' as const].map(head => attendFrom(attention, [5, 6, 3], head))
    const half = one.weights.map((weight, token) => (weight + two.weights[token]) / 2)
    expectClose(mean.weights, half, 1e-6)
    const keys = strongestKeys(mean, attention.grid, 5)
    expect(keys[0].weight).toBe(mean.largest)
    expect(keys.map(key => key.weight)).toEqual(keys.map(key => key.weight).sort((a, b) => b - a))
  })

  it('is computed for one block alone as for all', async () => {
    const [only] = await attend(encoder, image, [{ stage: 1, block: 0 }])
    expectClose(only.probabilities, find(1, 0).probabilities, 1e-5)
  })

  it('refuses a token, a head or a block that does not exist', () => {
    expect(() => attendFrom(find(0, 0), [10, 0, 0], 0)).toThrow(/within 10 × 12 × 14/)
    expect(() => attendFrom(find(0, 0), [0, 0, 0], 2)).toThrow(/one of 2 heads/)
    expect(() => attentionProgram(encoder, [{ stage: 1, block: 1 }])).toThrow(
      /Block 2 of stage 2 .* 2, 1, 1, 2 blocks; choose/,
    )
    const large = { ...encoder, shape: [256, 256, 256] as const }
    expect(() => attentionProgram(large, blocksOf(config))).toThrow(/ask for fewer blocks/)
  })

  it('gives each head its distance and its entropy, of real queries only', () => {
    const tally = new HeadTally([1, 1, 1])
    blocks.forEach(block => tally.add(block))
    const figures = tally.figures()
    expect(figures).toHaveLength(2 + 2 + 2 + 2 + 4 + 4)
    for (const { stage, queries, entropyBits, distanceVoxels, distanceMm } of figures) {
      expect(queries).toBe([10 * 12 * 14, 5 * 6 * 7, 3 * 3 * 4, 2 * 2 * 2][stage])
      expect(entropyBits.mean).toBeGreaterThan(0)
      expect(entropyBits.high).toBeLessThanOrEqual(6 + 1e-5)
      expect(distanceMm).toEqual(distanceVoxels)
      // No key of a window of 4 tokens lies farther than its diagonal.
      expect(distanceVoxels.high).toBeLessThanOrEqual(3 * Math.sqrt(3) * 2 ** (stage + 1))
    }
  })
})

describe('the head figures', () => {
  const layout = {
    window: [4, 4, 4],
    tokens: 64,
    windows: 1,
    tokenOfSlot: Int32Array.from({ length: 64 }, (_, i) => i),
  }
  const attention = (row: (query: number, key: number) => number): BlockAttention => ({
    stage: 0,
    block: 0,
    heads: 1,
    grid: [4, 4, 4],
    layout: layout as unknown as BlockAttention['layout'],
    probabilities: Float32Array.from({ length: 64 * 64 }, (_, i) => row(Math.floor(i / 64), i % 64)),
  })
  const figuresOf = (row: (query: number, key: number) => number) => {
    const tally = new HeadTally([2, 1, 1])
    tally.add(attention(row))
    return tally.figures()[0]
  }

  it('are 0 where each query looks at itself', () => {
    const { distanceMm, entropyBits } = figuresOf((query, key) => (query === key ? 1 : 0))
    expect([distanceMm.mean, entropyBits.mean]).toEqual([0, 0])
  })

  it('are 6 bits where all 64 keys weigh alike', () => {
    expect(figuresOf(() => 1 / 64).entropyBits.mean).toBeCloseTo(6, 6)
  })

  it('are a token’s width in voxels and in mm of the axis where each looks at the next slice', () => {
    const next = (query: number) => (query + 16) % 64
    const { distanceVoxels, distanceMm } = figuresOf((query, key) => (key === next(query) ? 1 : 0))
    // A quarter of the queries, those of the last slice, look three tokens back: (1 + 1 + 1 + 3) / 4 tokens of 2 voxels.
    expect(distanceVoxels.mean).toBeCloseTo(3, 6)
    expect(distanceMm.mean).toBeCloseTo(6, 6)
    expect([distanceVoxels.low, distanceVoxels.high]).toEqual([2, 6])
  })
})

describe('the untrained twin of an encoder', () => {
  it('has the same parameters with other values', () => {
    const trained = makeEncoder([16, 16, 16]).parameters
    const twin = untrainedParameters(config)
    expect(Object.keys(twin)).toEqual(Object.keys(trained))
    const name = 'encoder.layers.0.blocks.0.attn.qkv.weight'
    expect(twin[name].shape).toEqual(trained[name].shape)
    expect(twin[name].data).not.toEqual(trained[name].data)
  })
})
