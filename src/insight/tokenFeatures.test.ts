import '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { voxelCount, type Triple } from '../base/shape.ts'
import { presets, stageWidth, type NetworkConfig } from '../network/config.ts'
import { generatePhantom } from '../phantom/phantom.ts'
import { segmentEntry } from '../prediction/testModel.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { untrainedParameters } from './labEncoder.ts'
import { labelsOfTokens, lungLabels, phantomLabels } from './organLabels.ts'
import { openSteadyProgram } from './steadyProgram.ts'
import { featureProgram, scanFeatures } from './tokenFeatures.ts'
import { paintTokens, tokenAt, tokenOf, tokensOver } from './tokenGrid.ts'

/** A scan whose HU say where a voxel lies: −1000 … 0 along one axis; oblique in nothing, shifted in space. */
function ramp(shape: Triple, spacingMm: Triple): Volume {
  const [D, H, W] = shape
  const [dMm, hMm, wMm] = spacingMm
  const hu = new Int16Array(voxelCount(shape))
  for (let d = 0, i = 0; d < D; d++)
    for (let h = 0; h < H; h++) for (let w = 0; w < W; w++) hu[i++] = -1000 + Math.round((1000 * w) / W)
  return { shape, spacingMm, affine: [wMm, 0, 0, -50, 0, hMm, 0, 20, 0, 0, dMm, 7, 0, 0, 0, 1], hu }
}

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('tokens as a grid in space', () => {
  const image = ramp([10, 8, 6], [2, 1, 1.5])
  const tokens = tokensOver(image, 4)

  it('covers the image with blocks, the last of which may be partial', () => {
    expect(tokens.shape).toEqual([3, 2, 2])
    expect(tokens.spacingMm).toEqual([8, 4, 6])
    // The middle of the first block is the mean of its first and last voxel's centres.
    const [low, high] = [voxelToRasMm(image.affine, [0, 0, 0]), voxelToRasMm(image.affine, [3, 3, 3])]
    expect(voxelToRasMm(tokens.affine, [0, 0, 0])).toEqual(low.map((at, axis) => (at + high[axis]) / 2))
  })

  it('paints every voxel with the token of its block', () => {
    const values = Uint8Array.from({ length: 12 }, (_, token) => token + 1)
    const painted = paintTokens(values, tokens, image)
    for (let d = 0, i = 0; d < 10; d++)
      for (let h = 0; h < 8; h++)
        for (let w = 0; w < 6; w++, i++)
          expect(painted[i]).toBe(1 + (Math.floor(d / 4) * 2 + Math.floor(h / 4)) * 2 + Math.floor(w / 4))
  })

  it('finds the token at a place in the world, and none beyond the end', () => {
    expect(tokenOf(tokens, voxelToRasMm(image.affine, [9, 0, 5]))).toEqual([2, 0, 1])
    expect(tokenOf(tokens, voxelToRasMm(image.affine, [9, -4, 5]))).toBeNull()
    expect(tokenAt(5, tokens.shape)).toEqual([1, 0, 1])
  })

  it('leaves what lies outside of the tokens as it was', () => {
    const part = tokensOver({ ...image, shape: [4, 8, 6] }, 4)
    const painted = paintTokens(new Uint8Array(4).fill(9), part, image, 3)
    expect([painted[0], painted[4 * 48], painted.at(-1)]).toEqual([9, 3, 3])
  })
})

describe('features of a whole scan', () => {
  const entry = { ...segmentEntry, shape: [16, 16, 16] as const, spacingMm: [2, 2, 2] as const }

  it('puts each tile’s tokens where the tile was read, and drops those beyond the scan', async () => {
    // Each "feature" is the mean of its block, so that it can be told where it came from.
    const volume = ramp([20, 36, 40], [2, 2, 2])
    const blockMeans = (tile: Float32Array) =>
      Float32Array.from({ length: 8 }, (_, token) => {
        const [z, y, x] = tokenAt(token, [2, 2, 2])
        const block = tile.filter((_value, at) => {
          const [d, h, w] = tokenAt(at, [16, 16, 16])
          return d >> 3 === z && h >> 3 === y && w >> 3 === x
        })
        return mean(block)
      })
    const run = (tile: Float32Array) => Promise.resolve(blockMeans(tile))
    const { grid, width, values } = await scanFeatures(volume, 2, { entry, width: 1, run })
    expect([grid.shape, width, values.length]).toEqual([[3, 5, 5], 1, 75])
    for (let token = 0; token < 75; token++) {
      const [d, h, w] = tokenAt(token, [3, 5, 5])
      if (d === 2 || h === 4) continue // partly beyond the scan: padded with air
      // −1000 … 0 HU over 40 voxels, seen through a window of −1000 … 400 as 0 … 1.
      expect(values[token]).toBeCloseTo(((1000 * (8 * w + 3.5)) / 40 / 1400) as number, 3)
    }
  })

  it('reads a part of the scan where one is asked for, in the same places', async () => {
    const volume = ramp([40, 40, 40], [2, 2, 2])
    const run = (tile: Float32Array) => Promise.resolve(tile.filter((_, i) => i % 512 === 0)) // 8 of 16³
    const centre = voxelToRasMm(volume.affine, [19.5, 19.5, 23.5])
    const part = { centreRasMm: centre, shape: [16, 16, 32] as const, spacingMm: [2, 2, 2] as const }
    const { grid } = await scanFeatures(volume, 2, { entry, width: 1, run }, { part })
    expect(grid.shape).toEqual([2, 2, 4])
    // 32 voxels around 23.5 begin at 8; the first token's middle is 3.5 voxels further.
    const [x, y, z] = voxelToRasMm(volume.affine, [12 + 3.5, 12 + 3.5, 8 + 3.5])
    const first = voxelToRasMm(grid.affine, [0, 0, 0])
    ;[x, y, z].forEach((mm, axis) => expect(first[axis]).toBeCloseTo(mm, 6))
  })

  it('comes from the encoder’s own stage', async () => {
    const config: NetworkConfig = { ...presets.tiny, embed: 8, depths: [1, 1, 1, 1] }
    const onnx = await loadNodeRuntime()
    const encoder = { config, shape: entry.shape, parameters: untrainedParameters(config) }
    const program = await openSteadyProgram(featureProgram(encoder, 2), {
      openGpu: async () => undefined,
      openCpu: () => onnx,
    })
    const width = stageWidth(config, 2)
    const run = async (image: Float32Array) => (await program.run({ image })).features.data as Float32Array
    const features = await scanFeatures(ramp([16, 16, 24], [2, 2, 2]), 2, { entry, width, run })
    await program.release()
    expect([features.grid.shape, features.width]).toEqual([[2, 2, 3], 32])
    // The last normalisation of an untrained network has weight 1 and bias 0: each token has mean 0 and deviation 1.
    for (let token = 0; token < 12; token++) {
      const own = features.values.subarray(token * 32, (token + 1) * 32)
      expect(mean(own)).toBeCloseTo(0, 4)
      expect(mean(own.map(value => value ** 2))).toBeCloseTo(1, 2)
    }
  })

  it('refuses a stage whose tokens do not fill the crop, and one that does not exist', () => {
    const encoder = { config: presets.tiny, shape: [24, 24, 24] as const, parameters: {} }
    expect(() => featureProgram(encoder, 3)).toThrow(/24 × 24 × 24 voxels is no multiple of the 16/)
    expect(() => featureProgram(encoder, 4)).toThrow(/stages 1 to 4/)
  })
})

describe('labels to hold clusters against', () => {
  const origin = { seed: 11, spacingMm: [8, 6, 6] as const }
  const phantom = generatePhantom(origin.seed, { spacingMm: origin.spacingMm })

  it('are the organs of the phantom, made again from its seed', async () => {
    const { names, labels, isTruth } = await phantomLabels(phantom.volume, origin)
    expect(isTruth).toBe(true)
    const isSpine = (label: number) => phantom.labelNames[label] === 'spine'
    phantom.labels.forEach((label, i) => isSpine(label) && expect(names[labels[i]]).toBe('bones'))
    const share = (name: string) => labels.filter(label => names[label] === name).length / labels.length
    expect(share('lungs')).toBeGreaterThan(0.05)
    expect(share('bones')).toBeGreaterThan(0.01)
    // Lungs are air: far below the heart.
    const meanHu = (name: string) => {
      const hu = phantom.volume.hu.filter((_, i) => names[labels[i]] === name)
      return hu.reduce((sum, value) => sum + value, 0) / hu.length
    }
    expect(meanHu('lungs')).toBeLessThan(-500)
    expect(meanHu('heart and great vessels')).toBeGreaterThan(-50)
  })

  it('are refused where the scan is another one', async () => {
    const hu = phantom.volume.hu.slice()
    hu[0] += 1
    await expect(phantomLabels({ ...phantom.volume, hu }, origin)).rejects.toThrow(
      /do not lie on it; open the scan/,
    )
  })

  it('are the lungs that this program finds where there is no truth, right at the right', () => {
    const fine = generatePhantom(11, { spacingMm: [4, 3, 3] }).volume
    const { names, labels, isTruth } = lungLabels(fine)
    expect(isTruth).toBe(false)
    const meanW = (name: string) => {
      const at = Array.from(labels.keys()).filter(i => names[labels[i]] === name)
      return at.reduce((sum, i) => sum + (i % fine.shape[2]), 0) / at.length
    }
    // w runs from the patient's left to the right.
    expect(meanW('right lung')).toBeGreaterThan(meanW('left lung') + 20)
  })

  it('are given to a token by the most voxels of its block', () => {
    const scan = ramp([4, 4, 5], [1, 1, 1])
    const labels = Uint8Array.from({ length: 80 }, (_, i) => (i % 5 < 3 ? 1 : 2))
    const map = { names: ['a', 'b', 'c'], labels, isTruth: true, source: '' }
    expect(labelsOfTokens(map, scan, tokensOver(scan, 4))).toEqual(Uint8Array.of(1, 2))
  })
})
