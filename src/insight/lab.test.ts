import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { parseNetworkConfig, presets } from '../network/config.ts'
import { readSafetensors } from '../network/safetensors.ts'
import { floatToHalf } from '../network/half.ts'
import type { ModelPlaces } from '../prediction/steadyModel.ts'
import { makeModelFiles } from '../prediction/testModel.ts'
import { attend, attendBehind } from './attention.ts'
import type { LabModel } from './labModel.ts'
import { openLabModel } from './labModel.ts'
import { makeMask } from './masks.ts'
import { reconstructCrop } from './reconstruction.ts'

// The golden pretraining step (SPEC 11): student of hash seed 21, teacher of 22, four images of 32³.
const folder = 'fixtures/golden/whole/tiny_pretrain_32'
const fixture = JSON.parse(readFileSync(`${folder}.json`, 'utf8')) as {
  config: { model: unknown }
  tensors: Record<string, { atol: number }>
}
const golden = readSafetensors(new Uint8Array(readFileSync(`${folder}.safetensors`))).tensors

const side = [32, 32, 32] as const
const row = (name: string, index: number, length: number) =>
  Float32Array.from((golden[name].data as Float32Array).subarray(index * length, (index + 1) * length))
const image = row('in.images', 0, 32 ** 3)

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))
}

let places: ModelPlaces
let model: LabModel
beforeAll(async () => {
  const runtime = await loadNodeRuntime(2)
  places = {
    openGpu: () => Promise.resolve(undefined),
    openCpu: why => ({ ...runtime, label: `CPU (${why})` }),
  }
  const files = await makeModelFiles({
    config: parseNetworkConfig(fixture.config.model),
    tasks: ['pretrain'],
    seed: 21,
  })
  model = await openLabModel(files, places)
}, 60_000)

describe('the lab on the golden pretraining step', () => {
  it('shows the noisy teacher’s attention and, on a clean image, both eyes’', async () => {
    const query = { task: 'pretrain', role: 'teacher' } as const
    const noisy = await attendBehind(model, image, side, { ...query, keep: row('in.keep', 0, 16 ** 3) })
    const { atol } = fixture.tensors['out.teacher_satt']
    expect(largestDifference(noisy.satt, row('out.teacher_satt', 0, 64))).toBeLessThan(atol)
    const clean = await attend(model, image, side, { ...query, dropout: undefined })
    expect(largestDifference(clean.satt, row('out.teacher_satt_without_dropout', 0, 64))).toBeLessThan(atol)
    expect(clean.keep).toBeUndefined()
    expect([clean.grid, clean.patchGrid, clean.heads]).toEqual([[4, 4, 4], [16, 16, 16], 4])
    const mean = Array.from(
      clean.satt,
      (_, n) => [0, 1, 2, 3].reduce((sum, head) => sum + clean.byHead[head * 64 + n], 0) / 4,
    )
    expect(largestDifference(mean, clean.satt)).toBeLessThan(1e-6) // float32 sums of four numbers below 1
  }, 60_000)

  it('guides the same mask by it that the fixture has', () => {
    const satt = row('out.teacher_satt', 0, 64)
    const { codes, masked, hints } = makeMask('attention', satt, [4, 4, 4], {
      ratio: 0.7,
      hint: 0.1,
      seed: 1,
    })
    expect(Array.from(codes, code => (code === 1 ? 1 : 0))).toEqual(Array.from(row('in.mask', 0, 64)))
    expect([masked, hints]).toEqual([38, 6]) // SPEC 4: N = 64
  })

  it('reconstructs what the fixture’s student does, and its masked L1', async () => {
    const mask = row('in.mask', 0, 64)
    const rec = row('out.rec', 0, 32 ** 3)
    const got = await reconstructCrop(model, 'pretrain', image, side, mask)
    expect(largestDifference(got.prediction, rec)).toBeLessThan(fixture.tensors['out.rec'].atol)
    // SPEC 6, AMIP, of this row alone, from the fixture's own voxels.
    let [error, hidden] = [0, 0]
    for (let i = 0; i < rec.length; i++) {
      const [d, h, w] = [i >> 10, (i >> 5) & 31, i & 31].map(at => at >> 3)
      if (mask[(d * 4 + h) * 4 + w] === 0) continue
      error += Math.abs(rec[i] - image[i])
      hidden++
    }
    expect(got.maskedL1).toBeCloseTo(error / hidden, 4)
    expect(got.visibleL1).toBeGreaterThan(0)
  }, 60_000)

  it('drops the same patches for the same seed and others for another', async () => {
    const keepOf = async (seed: number) => {
      const { keep } = await attend(model, image, side, {
        ...{ task: 'pretrain', role: 'teacher' },
        dropout: { seed, ratio: 0.7 },
      })
      return Array.from(keep!)
    }
    const first = await keepOf(5)
    expect(first.filter(kept => kept === 0)).toHaveLength(2867) // ⌊0.7 · 4096⌋
    expect(await keepOf(5)).toEqual(first)
    expect(await keepOf(6)).not.toEqual(first)
  }, 60_000)
})

describe('models in the lab', () => {
  it('takes a pretraining checkpoint in half precision', async () => {
    const files = await makeModelFiles({
      tasks: ['pretrain'],
      config: { ...presets.tiny, embed: 8, rec_source: 'stage4' },
      change(tensors) {
        for (const [name, { shape, data }] of Object.entries(tensors))
          tensors[name] = { dtype: 'F16', shape, data: Uint16Array.from(data as Float32Array, floatToHalf) }
      },
    })
    const half = await openLabModel(files, places)
    const { satt } = await attend(half, image, side, {
      task: 'pretrain',
      role: 'student',
      dropout: undefined,
    })
    expect(satt.every(value => value > 0 && value < 1)).toBe(true)
    await half.release()
  }, 60_000)

  it('says what is missing where a model cannot do what is asked', async () => {
    await expect(
      makeModelFiles({ tasks: ['segment'] }).then(files => openLabModel(files, places)),
    ).rejects.toThrow('has no semantic attention')
    const classifier = await openLabModel(await makeModelFiles({ tasks: ['classify'] }), places)
    const query = { task: 'classify', role: 'teacher', dropout: undefined } as const
    await expect(attend(classifier, image, side, query)).rejects.toThrow('has no teacher')
    const mask = new Uint8Array(64)
    await expect(reconstructCrop(classifier, 'classify', image, side, mask)).rejects.toThrow(
      'has no reconstruction head; open a pretraining checkpoint',
    )
    await expect(
      attend(classifier, new Float32Array(33 ** 3), [33, 33, 33], { ...query, role: 'student' }),
    ).rejects.toThrow('multiples of 8 are expected')
    await classifier.release()
  }, 60_000)
})
