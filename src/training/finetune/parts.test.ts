import { describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs'
import { Random } from '../../phantom/random.ts'
import { classProbabilities, fitClasses } from '../fitClasses.ts'
import { augmentBox, augmentedCrop, boxOf, centreBox } from './augmentBox.ts'
import { classWeights, divideCases } from './divide.ts'
import { PartProgress } from './progress.ts'
import { recommendSettings } from './recommend.ts'
import { problemsOfSettings, summariseCrops } from './requireSettings.ts'
import { noAugmentation, testCrops, testSettings } from './testSupport.ts'
import {
  adapterShapes,
  mergeAdapters,
  mergeAdapterTensors,
  networkShapes,
  rateOf,
  startValues,
  trainedNames,
} from './trained.ts'

const gentle = { ...noAugmentation, rotationDegrees: 15, scaling: 0.1, shiftVoxels: 2, noiseHu: 5 }

describe('dividing cases', () => {
  // Two lesions a patient, some of both classes.
  const labels = Array.from({ length: 24 }, (_, at) => (at % 3 === 0 ? 1 : 0))
  const crops = testCrops(
    labels,
    labels.map((_, at) => Math.floor(at / 2)),
  )

  it.each([null, 3])('keeps a patient on one side, with patience %s', patience => {
    const settings = testSettings({ patience, validation: { kind: 'folds', folds: 3 } })
    const { folds } = divideCases(crops.cases, settings)
    const patients = (picked: readonly number[]) => new Set(picked.map(at => crops.cases[at].patient))
    for (const { train, watched, held } of folds) {
      for (const patient of patients(held)) {
        expect(patients(train).has(patient)).toBe(false)
        expect(patients(watched).has(patient)).toBe(false)
      }
      for (const patient of patients(watched)) expect(patients(train).has(patient)).toBe(false)
      expect(new Set(train.map(at => labels[at])).size).toBe(2)
    }
    expect(folds.flatMap(({ held }) => held).sort((a, b) => a - b)).toEqual(labels.map((_, at) => at))
  })

  it('sets a test part aside, and gives a share of the labels that is nested', () => {
    const of = (labelShare: number) =>
      divideCases(
        crops.cases,
        testSettings({ labelShare, validation: { kind: 'holdout', validation: 0.2, test: 0.2 } }),
      )
    const [whole, half] = [of(1), of(0.5)]
    expect(half.final).toBeUndefined()
    expect(half.folds[0].held).toEqual(whole.folds[0].held)
    expect(half.folds[0].train.length).toBeLessThan(whole.folds[0].train.length)
    for (const at of half.folds[0].train) expect(whole.folds[0].train).toContain(at)
  })

  it('weighs classes inversely to how often they occur', () => {
    expect(classWeights([0, 0, 0, 1], 2, true)).toEqual([4 / 6, 2])
    expect(classWeights([0, 0, 0, 1], 2, false)).toEqual([1, 1])
  })
})

describe('augmentation', () => {
  const crops = testCrops([1, 0])

  it('without options is the middle of the box', () => {
    const box = boxOf(crops, 0)
    const { hu, mask } = augmentBox(box, [16, 16, 16], noAugmentation, new Random(1, 1))
    const middle = centreBox(box, [16, 16, 16])
    // Calibration is applied and taken back in single precision.
    hu.forEach((value, at) => expect(Math.abs(value - middle.hu[at])).toBeLessThan(1e-3))
    expect(mask).toEqual(middle.mask)
    expect(middle.hu[0]).toBe(crops.hu[(2 * 20 + 2) * 20 + 2])
  })

  it('follows from seed, pass and position, and turns image and mask alike', () => {
    const draw = (pass: number) =>
      augmentedCrop(crops, 0, [16, 16, 16], gentle, { seed: 3, pass, position: 0 })
    expect(draw(5)).toEqual(draw(5))
    expect(draw(6).hu).not.toEqual(draw(5).hu)
    const { hu, mask } = draw(5)
    const mean = (inside: number) => {
      const values = [...hu].filter((_, at) => mask![at] === inside)
      return values.reduce((sum, value) => sum + value, 0) / values.length
    }
    // The ball is soft tissue in lung: the turned mask lies on the turned ball.
    expect(mean(1)).toBeGreaterThan(-200)
    expect(mean(0)).toBeLessThan(-650)
  })

  it('refuses boxes that are no even border larger', () => {
    expect(() => centreBox(boxOf(crops, 0), [17, 16, 16])).toThrow(/20 × 20 × 20.*17 × 16 × 16/)
  })
})

describe('what a method trains', () => {
  const settings = testSettings()
  const shapes = networkShapes('classify', settings.entry)

  it('the head alone, everything but what no loss reaches, or adapters beside the last layer', () => {
    const none = new Set<string>()
    const head = trainedNames(shapes, none, 'head', 'classify')
    expect(head.every(name => /^(sa|cls_head)\./.test(name))).toBe(true)
    const full = trainedNames(shapes, none, 'full', 'classify')
    expect(full).not.toContain('encoder.mask_token')
    expect(trainedNames(shapes, none, 'lora', 'classify')).toEqual(['cls_head.weight', 'cls_head.bias'])
    expect(trainedNames(shapes, new Set(['sa.norm.weight']), 'lora', 'classify')).toContain('sa.norm.weight')
  })

  it('learns slower the earlier a stage is', () => {
    const rate = rateOf(0.5)
    expect(rate('cls_head.weight')).toBe(1)
    expect(rate('encoder.layers.3.blocks.0.norm1.weight')).toBe(0.5)
    expect(rate('encoder.norm0.weight')).toBe(1 / 16)
    expect(rate('encoder.patch_embed.proj.weight')).toBe(1 / 32)
    expect(rate('lora.encoder.layers.2.blocks.0.attn.qkv.weight.up')).toBe(0.25)
  })

  it('adapters merged into numbers are the adapters of the graph', () => {
    const { values } = startValues(shapes, {}, 7)
    const adapters = adapterShapes(shapes, 2)
    const random = new Random(4, 4)
    const drawn = Object.fromEntries(
      Object.entries(adapters).map(([name, [rows, columns]]) => [
        name,
        Float32Array.from({ length: rows * columns }, () => random.uniform(-1, 1)),
      ]),
    )
    const all = { ...shapes, ...adapters }
    const tensors = Object.fromEntries(
      Object.entries({ ...values, ...drawn }).map(([name, data]) => [name, tf.tensor(data, [...all[name]])]),
    )
    const graph = mergeAdapterTensors(tensors)
    const numbers = mergeAdapters({ ...values, ...drawn }, shapes)
    expect(Object.keys(numbers).sort()).toEqual(Object.keys(shapes).sort())
    for (const [name, tensor] of Object.entries(graph)) {
      const data = tensor.dataSync()
      // Sums of two products in single precision.
      numbers[name].forEach((value, at) => expect(Math.abs(value - data[at])).toBeLessThan(1e-6))
    }
    expect(numbers['sa.blocks.0.attn.qkv.weight']).not.toEqual(values['sa.blocks.0.attn.qkv.weight'])
  })
})

describe('early stopping', () => {
  it('counts epochs without a better loss, and remembers how long each part was best trained', () => {
    const progress = new PartProgress(3)
    progress.begin()
    expect([0.5, 0.4, 0.45, 0.41].map((loss, epoch) => progress.note(Math.fround(loss), epoch))).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(progress.epochsWithoutBetter).toBe(2)
    progress.end(0)
    progress.end(1, 5)
    progress.end(2, 3)
    expect(progress.medianEpochs()).toBe(3)
  })
})

describe('bad input', () => {
  const settings = testSettings()
  it.each([
    ['one class', testCrops([0, 0, 0, 0]), settings, /at least two classes, but all labels are “benign”/],
    ['two cases', testCrops([0, 1]), settings, /“benign” has 1 patient, but each of the 2 parts/],
    [
      'no mask',
      { ...testCrops([0, 1, 0, 1]), cases: testCrops([0, 1]).cases.map(one => ({ ...one, hasMask: false })) },
      testSettings({ task: 'segment' }),
      /None of the cases has a mask/,
    ],
    [
      'a probe that segments',
      testCrops([0, 1, 0, 1]),
      testSettings({ task: 'segment', method: 'probe' }),
      /linear probe reads one class/,
    ],
    ['no epochs', testCrops([0, 1, 0, 1]), testSettings({ epochs: 0 }), /epochs is 0; a whole number from 1/],
  ])('%s is told in a sentence', (_, crops, chosen, sentence) => {
    expect(problemsOfSettings(chosen, summariseCrops(crops)).join('\n')).toMatch(sentence)
  })
})

it('recommends a probe for few cases without a GPU, with as many folds as the rarest class allows', () => {
  const crops = testCrops([0, 0, 0, 0, 0, 1, 1, 1])
  const summary = summariseCrops(crops)
  const manifest = { name: 'demo', version: '1', networks: { classify: testSettings().entry } }
  const start = { manifest: manifest as never, identity: 'x' }
  const { settings, reasons } = recommendSettings(summary, 'classify', start, { kind: 'cpu', threads: 2 })
  expect(settings.method).toBe('probe')
  expect(settings.validation).toEqual({ kind: 'folds', folds: 3 })
  expect(problemsOfSettings(settings, summary)).toEqual([])
  expect(reasons.length).toBeGreaterThan(1)
})

it('tells three classes apart by softmax regression', () => {
  const random = new Random(2, 2)
  const labels = Array.from({ length: 60 }, (_, at) => at % 3)
  const rows = labels.map(label =>
    Float32Array.from({ length: 6 }, (_, i) => random.normal(i === label ? 2 : 0, 1)),
  )
  const model = fitClasses({ width: 6, rows, labels }, 3, 1)
  const hits = rows.filter((row, at) => {
    const shares = classProbabilities(model, row)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10)
    return shares.indexOf(Math.max(...shares)) === labels[at]
  })
  expect(hits.length).toBeGreaterThan(48)
})
