import { describe, expect, it } from 'vitest'
import { parseManifest, type ModelManifest } from '../../network/model.ts'
import demo from '../../../public/models/demo/model.json' with { type: 'json' }
import type { CropSet } from '../labelled/cropSet.ts'
import { scoreClasses, scoreMasks } from './scoreModel.ts'

const described = parseManifest(demo)

/** The demo's networks at crops of 1 × 1 × 2 voxels. */
const manifest: ModelManifest = {
  ...described,
  networks: {
    classify: { ...described.networks.classify!, shape: [1, 1, 2] },
    segment: { ...described.networks.segment!, shape: [1, 1, 2] },
  },
}

const one = { isIndeterminate: false, volumeMm3: 5, synthetic: true, identity: '' }
const crops: CropSet = {
  shape: [1, 1, 2],
  spacingMm: [1, 1, 1],
  classes: ['malignant', 'benign'],
  cases: [
    { ...one, patient: 0, label: 0, hasMask: true },
    { ...one, patient: 1, label: null, hasMask: false },
    { ...one, patient: 2, label: 1, hasMask: true },
  ],
  hu: Int16Array.from([0, 0, 0, 0, 100, -1000]),
  masks: Uint8Array.from([1, 0, 0, 0, 1, 1]),
}

describe('a model’s answers on labelled crops', () => {
  it('are put into the order of the cases’ classes, by name, for cases with a label', async () => {
    // The demo's labels are benign, malignant; the set's order is the other one.
    const scored = await scoreClasses(
      { manifest, classify: async () => Float32Array.from([0.25, 0.75]) },
      crops,
    )
    expect(scored.map(({ at, label, probabilities }) => ({ at, label, probabilities }))).toEqual([
      { at: 0, label: 0, probabilities: [0.75, 0.25] },
      { at: 2, label: 1, probabilities: [0.75, 0.25] },
    ])
  })

  it('are refused where the names of the classes differ', async () => {
    const others = { ...crops, classes: ['solid', 'ground glass'] }
    const asked = scoreClasses({ manifest, classify: async () => Float32Array.from([1, 0]) }, others)
    await expect(asked).rejects.toThrow(/tells apart “benign”, “malignant”, the cases are labelled “solid”/)
  })

  it('are masks of the cases that have one', async () => {
    const segment = async () => Float32Array.from([0.5, 0.49])
    const scored = await scoreMasks({ manifest, segment }, crops)
    expect(scored.map(({ at, after }) => [at, after.dice])).toEqual([
      [0, 1],
      [2, 2 / 3],
    ])
    await expect(scoreMasks({ manifest, segment }, { ...crops, masks: null })).rejects.toThrow(/has a mask/)
  })
})
