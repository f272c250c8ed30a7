// npm run evaluate -- --split val|test --scans 20 [--model demo] [--device auto|cpu|webgpu] [--spacing MM] [--json FILE] [--choose] [--record]
// npm run evaluate -- --crops-only --split val|test --scans 120: the classifier alone, on crops centred on the true nodules.
// npm run evaluate -- --data DIR --model NAME [--task segment|classify] [--device …] [--json FILE]: labelled cases of one's own.
// Whole phantoms that the model has never seen, through the same `predict` as everywhere, judged against the truth.
// `--choose` (val only) also picks the thresholds and writes them into the model's description; `--record` puts the
// figures into the model's evaluation.json and card.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { modelIdentity, parseManifest } from '../src/network/model.ts'
import { phantomSeries } from '../src/phantom/phantomSeries.ts'
import { benchSpacingMm, generatePhantom, type Phantom } from '../src/phantom/phantom.ts'
import { phantomBenchV1, seedsOf } from '../src/phantom/split.ts'
import { malignancyOf, type LoadedModel } from '../src/prediction/loadModel.ts'
import { predict } from '../src/prediction/predict.ts'
import { cropAt } from '../src/tokens/crops.ts'
import { normaliseHu } from '../src/tokens/normalise.ts'
import {
  countedDiameterMm,
  judgeScan,
  summarise,
  summariseMalignancy,
  type JudgedScan,
} from '../src/training/evaluate.ts'
import { judgeCrops, type JudgedCrop } from '../src/training/judgeCrops.ts'
import { chooseRule, judgeUnderRules, triedRules, type ChosenRule } from '../src/training/thresholds.ts'
import { evaluationTable, malignancyTable } from './support/evaluationTable.ts'
import { evaluateLabelled } from './support/evaluateLabelled.ts'
import { recordEvaluation } from './support/modelCard.ts'
import { modelFolder, readModelFiles } from './support/modelFiles.ts'
import { openModel, type OpenedModel } from './support/openModel.ts'
import { runCommand } from './support/runCommand.ts'

const usage =
  'npm run evaluate -- --split val|test --scans 20 [--model demo] [--device auto|webgpu|cpu] [--spacing MM] [--json FILE] [--choose] [--record] [--crops-only]; or --data DIR --model NAME [--task segment|classify] [--device …] [--json FILE]'

function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      split: { type: 'string' },
      scans: { type: 'string' },
      model: { type: 'string', default: 'demo' },
      device: { type: 'string', default: 'auto' },
      spacing: { type: 'string' },
      json: { type: 'string' },
      choose: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      'crops-only': { type: 'boolean', default: false },
      data: { type: 'string' },
      task: { type: 'string' },
    },
  })
  const { split = 'val', choose, record, model, device, json, data, task } = values
  if (split !== 'val' && split !== 'test') throw new InputError(`--split must be val or test: ${usage}.`)
  if (choose && split !== 'val')
    throw new InputError('Thresholds are chosen on the validation split only: use --split val with --choose.')
  const scans = positive('scans', values.scans ?? '20')
  const spacingMm = values.spacing === undefined ? undefined : positive('spacing', values.spacing)
  const cropsOnly = values['crops-only']
  if (cropsOnly && (choose || record || spacingMm !== undefined))
    throw new InputError(
      `--crops-only judges the classifier alone, without --choose, --record or --spacing: ${usage}.`,
    )
  const phantomFlags = [values.split, values.scans, values.spacing].some(value => value !== undefined)
  if (data !== undefined && (phantomFlags || choose || record || cropsOnly))
    throw new InputError(
      `--data judges your own cases, the flags --split, --scans, --spacing, --choose, --record and --crops-only are for phantoms: ${usage}.`,
    )
  if (data === undefined && task !== undefined)
    throw new InputError(`--task goes with --data, which says where the labelled cases are: ${usage}.`)
  return { split, choose, record, model, device, json, scans, spacingMm, cropsOnly, data, task } as const
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
    const classes = await model.classify(normaliseHu(crop, entry.huWindow, entry.outputRange, crop))
    scores.push(malignancyOf(entry.labels, classes) ?? NaN)
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

/** The classifier on crops of many phantoms. */
async function evaluateCrops(
  { model, runtime }: OpenedModel,
  seeds: readonly number[],
  json: string | undefined,
) {
  const entry = model.manifest.networks.classify
  if (!entry || !model.classify) throw new InputError(`The model ${model.manifest.name} classifies nothing.`)
  const { classify } = model
  const malignancy = async (crop: Float32Array) => malignancyOf(entry.labels, await classify(crop)) ?? NaN
  const judged: JudgedCrop[] = []
  for (const seed of seeds) judged.push(await judgeCrops(seed, entry, malignancy))
  await model.release()
  const evaluation = summariseMalignancy(judged)
  const bench = `crops of ${phantomBenchV1.name}, ${seeds.length} phantoms (seeds ${seeds[0]}–${seeds.at(-1)})`
  console.log(
    `${model.manifest.name} ${model.manifest.version} on ${bench}; ${runtime.label}; bootstrap over phantoms\n`,
  )
  console.log(malignancyTable(evaluation))
  const report = {
    schemaVersion: 1,
    bench,
    model: { name: model.manifest.name, sha256: model.identity },
    evaluation,
    scans: judged,
  }
  if (json) await writeFile(json, `${JSON.stringify(report, null, 1)}\n`)
}

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2))
  const { split, choose, record, model: name, device, json, spacingMm, data, task } = args
  if (data !== undefined) return evaluateLabelled({ data, model: name, task, device, json })
  const opened = await openModel(name, device)
  if (opened.remark) process.stderr.write(`${opened.remark}\n`)
  const seeds = seedsOf(phantomBenchV1[split], args.scans)
  if (args.cropsOnly) return evaluateCrops(opened, seeds, json)
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
  console.log(evaluationTable(evaluation))
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
      table: evaluationTable(evaluation).split('\n'),
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
