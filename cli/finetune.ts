// npm run finetune: a few labelled cases and a model give a better one, honestly judged, in a run folder that can be
// continued.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { phantomBenchV1, seedsOf } from '../src/phantom/split.ts'
import type { ModelFiles } from '../src/prediction/loadModel.ts'
import type { FinetuneRow } from '../src/training/finetune/figures.ts'
import { missingShares, withShare } from '../src/training/finetune/fewShot.ts'
import { performFinetuning, type FinetuningOptions } from '../src/training/finetune/performFinetuning.ts'
import { boxShapeFor, entryFor, type KnownStart } from '../src/training/finetune/recommend.ts'
import { finetuneReport } from '../src/training/finetune/report.ts'
import { summariseCrops } from '../src/training/finetune/requireSettings.ts'
import { finetunedModel, readFinetuneResult, type FinetuneResult } from '../src/training/finetune/result.ts'
import {
  cropsOf,
  openStartModel,
  readFinetuneConfig,
  readStartModel,
} from '../src/training/finetune/runRecord.ts'
import type { FinetuneSettings } from '../src/training/finetune/settings.ts'
import type { LabelledCohort } from '../src/training/labelled/cohort.ts'
import type { CropSet } from '../src/training/labelled/cropSet.ts'
import { joinCohorts } from '../src/training/labelled/joinCohorts.ts'
import { phantomCohort } from '../src/training/labelled/phantomCohort.ts'
import { prepareCropSet } from '../src/training/labelled/prepareCropSet.ts'
import { RunControl } from '../src/training/run/control.ts'
import type { RunEnd } from '../src/training/run/performRun.ts'
import type { RunStorage } from '../src/training/run/storage.ts'
import { reportText } from '../src/training/validation/reportTables.ts'
import { nodePlaces } from './support/environment.ts'
import { finetuneFlags, readFinetuneSettings, readTask, type FinetuneFlags } from './support/finetuneFlags.ts'
import { folderStorage } from './support/folderStorage.ts'
import { openLabelled } from './support/labelled.ts'
import { readModelFiles } from './support/modelFiles.ts'
import { openTrainPlaces } from './support/openModel.ts'
import { parseCount } from './support/pretrainFlags.ts'
import { runCommand } from './support/runCommand.ts'
import { withRunLock } from './support/runLock.ts'
import { stopOnSignals } from './support/stopOnSignals.ts'

const usage =
  'npm run finetune -- --task classify|segment|respond --data FOLDER|ZIP|CSV|phantom:train:N|phantom:val:N … --out RUN [--model demo|NAME|FOLDER|scratch] [--method probe|head|full|lora] [--folds 5 | --hold-out 0.15,0.2] [--labels 25|50|100] [--few-shot] [--epochs N] [--batch N] [--accumulate N] [--lr R] [--warmup N] [--weight-decay R] [--layer-decay R] [--rank N] [--smoothing R] [--patience EPOCHS] [--averaging R] [--seed 1] [--name NAME] [--save-every 20] [--forget-data] [--threads N] [--device cpu|webgpu]   or, to continue,   npm run finetune -- --out RUN --resume [--data …, where the run keeps no copy]'

const options = {
  ...finetuneFlags,
  data: { type: 'string', multiple: true },
  out: { type: 'string' },
  name: { type: 'string', default: 'finetuned' },
  resume: { type: 'boolean', default: false },
  'few-shot': { type: 'boolean', default: false },
  'forget-data': { type: 'boolean', default: false },
  device: { type: 'string', default: 'cpu' },
  threads: { type: 'string' },
  'save-every': { type: 'string', default: '20' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

async function openData(locations: readonly string[]): Promise<LabelledCohort> {
  const cohorts: LabelledCohort[] = []
  for (const location of locations) {
    const [, split, count] = /^phantom:(train|val|test):(\d+)$/.exec(location) ?? []
    if (split === undefined && location.startsWith('phantom:'))
      throw new InputError(
        `--data is ${location}; phantom:train:N, phantom:val:N or phantom:test:N is expected.`,
      )
    const seeds = split && seedsOf(phantomBenchV1[split as 'train'], parseCount('data phantom', count))
    cohorts.push(seeds ? await phantomCohort(seeds) : await openLabelled(location))
  }
  return cohorts.length === 1 ? cohorts[0] : joinCohorts(cohorts)
}

/** Boxes of the data as the task's network takes them. */
async function cutCrops(locations: readonly string[], task: string, start: KnownStart | null) {
  const cohort = await openData(locations)
  for (const { why } of cohort.leftOut) process.stderr.write(`${why}\n`)
  for (const notice of cohort.notices) process.stderr.write(`${notice}\n`)
  const { shape, spacingMm } = entryFor(task as FinetuneSettings['task'], cohort.classes, start)
  const { crops, notices } = await prepareCropSet(cohort, { shape: boxShapeFor(shape), spacingMm })
  for (const notice of notices) process.stderr.write(`${notice}\n`)
  cohort.release()
  return crops
}

interface NewRun {
  readonly settings: FinetuneSettings
  readonly crops: CropSet
  readonly start: ModelFiles | undefined
}

async function openNew(values: Values): Promise<NewRun> {
  if (!values.data) throw new InputError(`What to learn from is missing (--data). Usage: ${usage}`)
  const task = readTask(values)
  const name = values.model ?? 'demo'
  const start = name === 'scratch' ? undefined : await readModelFiles(name)
  const known = start ? await openStartModel(start) : null
  const crops = await cutCrops(values.data, task, known)
  const { settings, reasons } = readFinetuneSettings(values, summariseCrops(crops), known, values.device)
  reasons.forEach(reason => console.log(reason))
  return { settings, crops, start }
}

/** The data of a continued run that keeps none. */
async function openKnown(values: Values, storage: RunStorage): Promise<CropSet | undefined> {
  const given = Object.keys(finetuneFlags).filter(name => values[name as keyof FinetuneFlags] !== undefined)
  if (given.length > 0)
    throw new InputError(
      `A continued run keeps its settings, so --${given.join(', --')} cannot be given with --resume; leave it out, or begin a new run.`,
    )
  if (!values.data) return undefined
  const known = await readFinetuneConfig(storage)
  if (!known) throw new InputError('There is no run to continue here; begin one, or choose another --out.')
  const { settings } = known
  const cohort = await openData(values.data)
  const { boxShape: shape, entry } = settings
  return (await prepareCropSet(cohort, { shape, spacingMm: entry.spacingMm })).crops
}

function line(row: FinetuneRow, steps: number): string {
  const { validation, loss } = row
  return [
    `update ${row.step + 1} of ${steps}`,
    row.stage === 'fold' ? `fold ${row.fold + 1}` : row.stage,
    row.stage === 'features' ? '' : `epoch ${row.epoch + 1} of ${row.epochs}`,
    loss === null ? '' : `loss ${loss.toFixed(4)}`,
    validation ? `${validation.scoreName} ${validation.score.toFixed(3)}` : '',
    `${row.seconds.toFixed(2)} s`,
  ]
    .filter(part => part !== '')
    .join('  ')
}

/** Metrics as JSON and a table, and the model as a folder. `others`: the same run on other shares of the labels. */
async function writeResults(
  storage: RunStorage,
  out: string,
  name: string,
  end: RunEnd,
  others: readonly FinetuneResult[] = [],
): Promise<void> {
  const result = await readFinetuneResult(storage)
  const report = finetuneReport(result, name, others)
  await writeFile(path.join(out, 'metrics.json'), `${JSON.stringify(report, null, 1)}\n`)
  console.log(`\n${reportText(report)}\n`)
  if (end !== 'finished') return
  const { manifest, weights } = await finetunedModel(storage, { name })
  const folder = path.join(out, 'model')
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, manifest.weights.file), weights)
  await writeFile(path.join(folder, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

type Beginning = Pick<FinetuningOptions, 'settings' | 'crops' | 'start'>

/** Runs to the end or until somebody stops it, telling the console. */
async function train(
  beginning: Beginning,
  storage: RunStorage,
  values: Values,
  control: RunControl,
  keepsCrops: boolean,
): Promise<RunEnd> {
  const threads = values.threads === undefined ? undefined : parseCount('threads', values.threads)
  const { places, environment } = await nodePlaces(openTrainPlaces(values.device, threads))
  const saveEvery = parseCount('save-every', values['save-every'])
  let steps = 0
  return performFinetuning({
    ...beginning,
    ...{ storage, places, environment, control, saveEvery, keepsCrops },
    onNotice: notice => console.log(notice),
    onStart(rows, settings, label, all) {
      steps = all
      const what = settings.start === 'scratch' ? 'scratch' : settings.start.name
      const share = settings.labelShare < 1 ? ` on ${100 * settings.labelShare} % of the labels` : ''
      console.log(
        `${settings.task} by ${settings.method} from ${what}${share}, from update ${rows.length} of ${all}, on ${label}`,
      )
    },
    onRow(row) {
      if (row.validation || row.step % 20 === 0) console.log(line(row, steps))
    },
  })
}

/** The run again on the other shares of its labels, each in a folder within it; undefined when somebody stopped one. */
async function trainShares(
  storage: RunStorage,
  out: string,
  values: Values,
  control: RunControl,
  given: CropSet | undefined,
): Promise<FinetuneResult[] | undefined> {
  const known = (await readFinetuneConfig(storage))!
  const crops = await cropsOf(storage, known, given)
  const start = await readStartModel(storage)
  const results: FinetuneResult[] = []
  for (const share of missingShares([known.settings.labelShare])) {
    const folder = folderStorage(path.join(out, `labels-${100 * share}`))
    // The boxes lie in the run itself.
    const isBegun = (await readFinetuneConfig(folder)) !== undefined
    const settings = isBegun ? undefined : withShare(known.settings, share)
    const end = await train({ settings, crops, start }, folder, values, control, false)
    if (end !== 'finished') return undefined
    results.push(await readFinetuneResult(folder))
  }
  return results
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  const { out } = values
  if (!out) throw new InputError(`Where to put the run is missing (--out). Usage: ${usage}`)
  await withRunLock(out, () => finetune(values, out))
}

async function finetune(values: Values, out: string): Promise<void> {
  const { name } = values
  const storage = folderStorage(out)
  const started = performance.now()
  const opened: Beginning = values.resume
    ? { settings: undefined, crops: await openKnown(values, storage), start: undefined }
    : await openNew(values)
  const control = new RunControl()
  stopOnSignals(control)
  const end = await train(opened, storage, values, control, !values['forget-data'])
  const isFewShot = values['few-shot'] && end === 'finished'
  const others = isFewShot ? await trainShares(storage, out, values, control, opened.crops) : []
  const seconds = (performance.now() - started) / 1000
  await writeResults(storage, out, name, end, others)
  const place = path.relative(process.cwd(), out) || out
  console.log(
    end === 'finished' && others
      ? `Finished in ${seconds.toFixed(0)} s; run, metrics.json and model are in ${place}.`
      : `Stopped; continue with npm run finetune -- --out ${place} --resume${values['few-shot'] ? ' --few-shot' : ''}.`,
  )
}

runCommand(main)
