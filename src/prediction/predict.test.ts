import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { CancelledError, InputError } from '../base/errors.ts'
import type { Runtime } from '../graph/session.ts'
import { toFindingsFile } from './findingsFile.ts'
import type { LoadedModel } from './loadModel.ts'
import { loadModel } from './loadModel.ts'
import type { PredictProgress } from './predict.ts'
import { predict } from './predict.ts'
import type { Ellipsoid } from './testChest.ts'
import { asSeries, lungCentreMm, makeChest, valueAt } from './testChest.ts'
import { makeModelFiles, makeOracle } from './testModel.ts'

const oracleRuntime = { label: 'oracle' }
const nodules: Ellipsoid[] = [
  { centreRasMm: [lungCentreMm + 10, 10, 60], radiiMm: [10, 8, 8], hu: 300 },
  { centreRasMm: [-lungCentreMm, -30, -50], radiiMm: [6, 9, 6], hu: 300 },
]

describe('predict with a network that knows', () => {
  it('finds each nodule where it is, measured and placed', async () => {
    const series = asSeries(makeChest({ spacingMm: [1.5, 1.2, 1.2], nodules }))
    const prediction = await predict({ series, model: makeOracle(150, 1.5), runtime: oracleRuntime })
    expect(prediction.findings).toHaveLength(2)
    for (const nodule of nodules) {
      const [x, y, z] = nodule.centreRasMm
      const found = prediction.findings[valueAt(prediction.labels, series.volume, nodule.centreRasMm) - 1]
      found.centreRasMm.forEach((mm, axis) => expect(Math.abs(mm - [x, y, z][axis])).toBeLessThan(0.4))
      expect(found.centreLpsMm).toEqual([-found.centreRasMm[0], -found.centreRasMm[1], found.centreRasMm[2]])
      const [a, b, c] = nodule.radiiMm
      expect(Math.abs(found.longAxisMm - 2 * Math.max(a, b, c))).toBeLessThan(2)
      expect(Math.abs(found.volumeMm3 / ((4 / 3) * Math.PI * a * b * c) - 1)).toBeLessThan(0.25)
      expect(found.texture).toBe('solid')
      expect(found.side).toBe(x > 0 ? 'right' : 'left')
      expect(found.zone).toBe(z > 0 ? 'upper' : 'lower')
      expect(found.malignancy).toBeNull()
      expect(prediction.labels.filter(label => label === Number(found.id.slice(1))).length).toBe(
        Math.round(found.volumeMm3 / (1.5 * 1.2 * 1.2)),
      )
    }
    const file = toFindingsFile(series, prediction)
    expect(file.notice).toMatch(/Research use — not for clinical use.*Synthetic/)
    expect(JSON.parse(JSON.stringify(file)).findings).toEqual(prediction.findings)
  })

  it('gives the same bytes twice', async () => {
    const series = asSeries(makeChest({ spacingMm: [3, 2.5, 2.5], nodules }))
    const run = () => predict({ series, model: makeOracle(150), runtime: oracleRuntime })
    const [a, b] = [await run(), await run()]
    expect(a.findings).toEqual(b.findings)
    expect(Buffer.compare(a.probability, b.probability)).toBe(0)
    expect(Buffer.compare(a.labels, b.labels)).toBe(0)
  })

  it('ends without a finding where there is none', async () => {
    const series = asSeries(makeChest({ spacingMm: [3, 2.5, 2.5] }))
    const prediction = await predict({ series, model: makeOracle(150), runtime: oracleRuntime })
    expect(prediction.findings).toEqual([])
    expect(prediction.labels.every(label => label === 0)).toBe(true)
    expect(prediction.warnings).toEqual([])
  })

  it('reports tiles with a forecast, and stops at the next tile when cancelled', async () => {
    const series = asSeries(makeChest({ spacingMm: [3, 2.5, 2.5], nodules }))
    const controller = new AbortController()
    const seen: PredictProgress[] = []
    const run = predict({
      series,
      model: makeOracle(150),
      runtime: oracleRuntime,
      signal: controller.signal,
      onProgress: progress => {
        seen.push(progress)
        if (progress.done === 2) controller.abort()
      },
    })
    await expect(run).rejects.toThrow(CancelledError)
    const tiles = seen.filter(({ total }) => total > 2)
    expect(tiles.map(({ done }) => done)).toEqual([0, 1, 2])
    expect(tiles[2].secondsLeft).toBeGreaterThan(0)
  })

  it('passes on what the model says of itself', async () => {
    const oracle = makeOracle(150)
    const remarks = ['This model is a beginning.']
    const model: LoadedModel = { ...oracle, manifest: { ...oracle.manifest, remarks } }
    const series = asSeries(makeChest({ spacingMm: [4, 4, 4] }))
    expect((await predict({ series, model, runtime: oracleRuntime })).warnings).toEqual(remarks)
  })

  it('refuses values that are not finite, and a model that cannot segment', async () => {
    const series = asSeries(makeChest({ spacingMm: [4, 4, 4] }))
    const oracle = makeOracle(150)
    const broken: LoadedModel = { ...oracle, segment: async tile => tile.fill(NaN) }
    await expect(predict({ series, model: broken, runtime: oracleRuntime })).rejects.toThrow(/no number/)
    const classifier: LoadedModel = { ...oracle, segment: undefined }
    await expect(predict({ series, model: classifier, runtime: oracleRuntime })).rejects.toThrow(InputError)
  })
})

describe('predict with a real, untrained network', () => {
  let runtime: Runtime
  let model: LoadedModel
  beforeAll(async () => {
    runtime = await loadNodeRuntime(2)
    model = await loadModel(await makeModelFiles(), runtime)
  }, 60_000)
  afterAll(() => model.release())

  it('runs the whole road with finite results, the same twice', async () => {
    const series = asSeries(makeChest({ spacingMm: [4, 4, 4], nodules }))
    // Untrained probabilities lie around a half; a low threshold on purpose, so that something is classified.
    const rule = { seedProbability: 0.75, maskProbability: 0.7, smallestDiameterMm: 3, leastCompactness: 0 }
    const run = () => predict({ series, model, runtime, rule, overlap: 0 })
    const [a, b] = [await run(), await run()]
    expect(a.tiles).toBeGreaterThan(1)
    expect(new Set(a.probability).size).toBeGreaterThan(10)
    expect(a.findings.length).toBeGreaterThan(0)
    for (const finding of a.findings) {
      expect(finding.malignancy).toBeGreaterThanOrEqual(0)
      expect(finding.malignancy).toBeLessThanOrEqual(1)
      expect(finding.shortAxisMm).toBeLessThanOrEqual(finding.longAxisMm + 1e-6)
    }
    expect(a.findings).toEqual(b.findings)
    expect(a.model.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(a.device).toBe(runtime.label)
    expect(a.timings.map(({ step }) => step)).toEqual([
      'Finding the lungs',
      'Searching for nodules',
      'Collecting candidates',
      'Measuring and classifying',
    ])
  })
})
