// npm run evaluate -- --split val|test --scans 20 [--model demo] [--device auto|cpu|webgpu] [--spacing MM] [--json FILE] [--choose] [--record]
// Whole phantoms that the model has never seen, through the same `predict` as everywhere, judged against the truth.
// `--choose` (val only) also picks the thresholds and writes them into the model's description; `--record` puts the
// figures into the model's evaluation.json and card.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { modelIdentity, parseManifest } from '../src/network/model.ts'
import { benchSpacingMm, generatePhantom, type Phantom } from '../src/phantom/phantom.ts'
import { phantomBenchV1, seedsOf } from '../src/phantom/split.ts'
import type { LoadedModel } from '../src/prediction/loadModel.ts'
import { predict } from '../src/prediction/predict.ts'
import { cropAt } from '../src/tokens/crops.ts'
import { normaliseHu } from '../src/tokens/normalise.ts'
import {
  countedDiameterMm,
  judgeScan,
  summarise,
  type Evaluation,
  type JudgedScan,
} from '../src/training/evaluate.ts'
import type { Interval } from '../src/training/metrics.ts'
import { chooseRule, judgeUnderRules, triedRules, type ChosenRule } from '../src/training/thresholds.ts'
import { recordEvaluation } from './support/modelCard.ts'
import { modelFolder, readModelFiles } from './support/modelFiles.ts'
import { openModel, type OpenedModel } from './support/openModel.ts'
import { phantomSeries } from './support/openScan.ts'
import { runCommand } from './support/runCommand.ts'

const usage =
  'npm run evaluate -- --split val|test --scans 20 [--model demo] [--device auto|webgpu|cpu] [--spacing MM] [--json FILE] [--choose] [--record]'

function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      split: { type: 'string', default: 'val' },
      scans: { type: 'string', default: '20' },
      model: { type: 'string', default: 'demo' },
      device: { type: 'string', default: 'auto' },
      spacing: { type: 'string' },
      json: { type: 'string' },
      choose: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
    },
  })
  const { split, choose, record, model, device, json } = values
  if (split !== 'val' && split !== 'test') throw new InputError(`--split must be val or test: ${usage}.`)
  if (choose && split !== 'val')
    throw new InputError('Thresholds are chosen on the validation split only: use --split val with --choose.')
  const scans = positive('scans', values.scans)
  const spacingMm = values.spacing === undefined ? undefined : positive('spacing', values.spacing)
  return { split, choose, record, model, device, json, scans, spacingMm } as const
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value))
    throw new InputError(`--${name} is “${text}”; a number above 0 is expected: ${usage}.`)
  return value
}

/** Malignancy that the classifier gives to crops centred on the true nodules; NaN without a classifier. */
async function classifyTruth(model: LoadedModel, { volume, nodules }: Phantom): Promise<number[]> {
  const entry = model.manifest.networks.classify
  const scores: number[] = []
  for (const { centreRasMm } of nodules) {
    if (!entry || !model.classify) {
      scores.push(NaN)
      continue
    }
    const crop = cropAt(volume, centreRasMm, entry.shape, entry.spacingMm)
    scores.push(await model.classify(normaliseHu(crop, entry.huWindow, entry.outputRange, crop)))
  }
  return scores
}

async function judgeSeed(seed: number, { model, runtime }: OpenedModel, options: JudgeOptions) {
  const began = performance.now()
  const phantom = generatePhantom(seed, { spacingMm: options.spacingMm })
  const generated = performance.now()
  const prediction = await predict({ series: phantomSeries(phantom), model, runtime })
  const predicted = performance.now()
  const malignancy = await classifyTruth(model, phantom)
  const truth = { seed, grid: phantom.volume, instances: phantom.instances, nodules: phantom.nodules }
  const judged = judgeScan(truth, prediction, malignancy)
  const counted = judged.nodules.filter(nodule => nodule.diameterMm >= countedDiameterMm)
  process.stderr.write(
    `seed ${seed}: ${counted.filter(nodule => nodule.isFound).length} of ${counted.length} found, ${judged.falsePositives} false; ` +
      `made in ${((generated - began) / 1000).toFixed(1)} s, predicted in ${((predicted - generated) / 1000).toFixed(1)} s (${prediction.tiles} tiles)\n`,
  )
  const underRules = options.choose
    ? judgeUnderRules(truth, phantom.volume, prediction, malignancy, triedRules)
    : []
  return { judged, underRules, seconds: (predicted - generated) / 1000 }
}

interface JudgeOptions {
  readonly spacingMm: readonly [number, number, number]
  readonly choose: boolean
}

/** Writes the chosen thresholds into the model's model.json; the weights stay as they are. */
async function storeRule(model: string, { rule }: ChosenRule): Promise<void> {
  const file = path.join(modelFolder(model), 'model.json')
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  manifest.networks.segment.thresholds = {
    seed: rule.seedProbability,
    mask: rule.maskProbability,
    smallestDiameterMm: rule.smallestDiameterMm,
    leastCompactness: rule.leastCompactness,
  }
  await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`)
}

function asText({ value, low, high }: Interval): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}

function asTable(result: Evaluation): string {
  return [
    '| figure | value [95 % interval] | goal |',
    '|---|---|---|',
    `| sensitivity, nodules ≥ ${countedDiameterMm} mm (${result.countedNodules}) | ${asText(result.sensitivity)} | ≥ 0.80 |`,
    `| false positives a scan | ${asText(result.falsePositivesPerScan)} | ≤ 2 |`,
    `| Dice of those found | ${asText(result.diceOfFound)} | ≥ 0.6 |`,
    `| malignancy AUC, all ${result.nodules} nodules | ${asText(result.malignancyAuc)} | ≥ 0.80 |`,
    `| — of the best possible reader (Bayes) | ${asText(result.bayesAuc)} | |`,
    `| — of diameter alone | ${asText(result.diameterAuc)} | |`,
  ].join('\n')
}

async function judgeSeeds(seeds: readonly number[], opened: OpenedModel, options: JudgeOptions) {
  const judged: JudgedScan[] = []
  const underRules: JudgedScan[][] = []
  const seconds: number[] = []
  for (const seed of seeds) {
    const result = await judgeSeed(seed, opened, options)
    judged.push(result.judged)
    underRules.push(result.underRules)
    seconds.push(result.seconds)
  }
  return { judged, underRules, seconds }
}

async function main(): Promise<void> {
  const {
    split,
    choose,
    record,
    model: name,
    device,
    json,
    scans,
    spacingMm,
  } = readArguments(process.argv.slice(2))
  const opened = await openModel(name, device)
  if (opened.remark) process.stderr.write(`${opened.remark}\n`)
  const seeds = seedsOf(phantomBenchV1[split], scans)
  const options: JudgeOptions = {
    spacingMm: spacingMm === undefined ? benchSpacingMm : [spacingMm, spacingMm, spacingMm],
    choose,
  }
  const { judged, underRules, seconds } = await judgeSeeds(seeds, opened, options)
  await opened.model.release()
  const chosen = choose ? chooseRule(triedRules, underRules) : undefined
  if (chosen) await storeRule(name, chosen)
  // With a rule chosen here the figures are those of that rule, and say so: they flatter it.
  const counted = chosen ? underRules.map(scan => scan[chosen.index]) : judged
  const evaluation = summarise(counted)
  const bench =
    `${phantomBenchV1.name} ${split}, ${seeds.length} scans (seeds ${seeds[0]}–${seeds.at(-1)}), ${options.spacingMm[0]} mm` +
    (chosen ? ', with the rule that was chosen on these scans' : '')
  const date = new Date().toISOString()
  console.log(`${name} on ${bench}; ${opened.runtime.label}; ${date.slice(0, 10)}; bootstrap over scans\n`)
  console.log(asTable(evaluation))
  if (chosen) console.log(`\nChosen and written into the model: ${JSON.stringify(chosen)}`)
  // The model as it is now, with the rule that the figures belong to.
  const files = await readModelFiles(name)
  const manifest = parseManifest(files.manifest)
  const sha256 = await modelIdentity(manifest, files.weights)
  if (record) {
    const figures = {
      bench,
      date,
      device: opened.runtime.label,
      sha256,
      table: asTable(evaluation).split('\n'),
    }
    await recordEvaluation(modelFolder(name), split, figures)
  }
  const report = {
    schemaVersion: 1,
    bench,
    model: { name, sha256 },
    device: opened.runtime.label,
    date,
    secondsPerPrediction: seconds,
    thresholds: manifest.networks.segment?.thresholds,
    evaluation,
    scans: counted,
  }
  if (json) await writeFile(json, `${JSON.stringify(report, null, 1)}\n`)
}

runCommand(main)
