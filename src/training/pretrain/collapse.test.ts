import { describe, expect, it } from 'vitest'
import { collapseWarnings } from './collapse.ts'
import type { PretrainFigures } from './pretrainUpdates.ts'

function rows(changes: Partial<PretrainFigures>, count = 20): PretrainFigures[] {
  const healthy: PretrainFigures = {
    loss: 1,
    losses: { amip: 0.3, aitd: 3 },
    learningRate: 1e-3,
    teacherTemperature: 0.07,
    teacherMomentum: 0.99,
    teacherDistance: 0.1,
    entropy: { aitd: 0.6 },
    entropyOfMean: { aitd: 0.8 },
    featureSpread: 0.2,
    cropsPerSecond: 1,
  }
  return Array.from({ length: count }, () => ({ ...healthy, ...changes }))
}

describe('the warnings of a run', () => {
  it('are none while answers and features differ, and none before there is enough to judge by', () => {
    expect(collapseWarnings(rows({}))).toEqual([])
    expect(collapseWarnings(rows({ featureSpread: 0 }, 19))).toEqual([])
  })

  it('say when all crops get the same answer', () => {
    const [warning] = collapseWarnings(rows({ entropy: { aitd: 0.01 }, entropyOfMean: { aitd: 0.02 } }))
    expect(warning).toMatch(/every image token the same answer.*AITD targets have collapsed/)
  })

  it('say when the teacher does not decide', () => {
    const [warning] = collapseWarnings(rows({ entropy: { aitd: 0.999 }, entropyOfMean: { aitd: 1 } }))
    expect(warning).toMatch(/does not decide between prototypes/)
  })

  it('say when the features no longer tell crops apart', () => {
    expect(collapseWarnings(rows({ featureSpread: 0.001 }))).toEqual([
      expect.stringMatching(/features hardly differ from crop to crop \(deviation 0\.0010\)/),
    ])
  })
})
