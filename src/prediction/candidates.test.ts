import { describe, expect, it } from 'vitest'
import { pickCandidates, type Candidate, type CandidateRule } from './candidates.ts'

const rule: CandidateRule = {
  seedProbability: 0.5,
  maskProbability: 0.3,
  smallestDiameterMm: 6,
  leastCompactness: 0.35,
}
const region = (volumeMm3: number, compactness: number): Candidate => ({
  voxels: Int32Array.of(0),
  probability: 0.9,
  volumeMm3,
  compactness,
})

describe('pickCandidates', () => {
  it('keeps what is large and compact enough', () => {
    // A ball of 6 mm has 113.1 mm³.
    const regions = [region(114, 0.36), region(112, 0.9), region(500, 0.34), region(500, 0.8)]
    expect(pickCandidates(regions, rule).kept).toEqual([regions[0], regions[3]])
  })

  it('leaves out what is too large to be a nodule, and says so', () => {
    const { kept, warnings } = pickCandidates([region(300_000, 0.9)], rule)
    expect(kept).toEqual([])
    expect(warnings).toEqual(['A region of 300 ml was left out: too large to be a nodule.'])
  })

  it('keeps the 255 most probable of those that fit the rule, however many others there are', () => {
    const small = Array.from({ length: 400 }, () => region(1, 1))
    const fitting = Array.from({ length: 300 }, () => region(200, 1))
    const { kept, warnings } = pickCandidates([...small, ...fitting], rule)
    expect(kept).toEqual(fitting.slice(0, 255))
    expect(warnings).toEqual(['300 candidates were found; the 255 most probable are kept.'])
  })
})
