// npm run pretrain: SMART pretraining, or one of the papers' alternatives, on volumes or phantoms, in a run folder that
// can be continued.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { RunControl } from '../src/training/run/control.ts'
import { collapseWarnings } from '../src/training/pretrain/collapse.ts'
import {
  performPretraining,
  planCrops,
  type PretrainRow,
} from '../src/training/pretrain/performPretraining.ts'
import { readConfig, type PretrainSettings } from '../src/training/pretrain/runRecord.ts'
import { openCohort, type Cohort } from './support/cohort.ts'
import { nodePlaces } from './support/environment.ts'
import { folderStorage } from './support/folderStorage.ts'
import { openTrainPlaces } from './support/openModel.ts'
import {
  parseCount,
  pretrainFlags,
  readOptions,
  readRecipe,
  type PretrainFlags,
} from './support/pretrainFlags.ts'
import { publishPretrained } from './support/publishPretrained.ts'
import { runCommand } from './support/runCommand.ts'
import { withRunLock } from './support/runLock.ts'
import { stopOnSignals } from './support/stopOnSignals.ts'

const usage =
  'npm run pretrain -- --data FOLDER|ZIP|FILE|phantom:train|phantom:val|phantom:test … --out RUN [--preset demo] [--steps 2000] [--masking attention|low-attention|random|cube|block|none] [--mask-ratio 0.7] [--hint-ratio 0.1] [--teacher-noise 0.7|off] [--semantic-attention 3|1|2|4|off] [--loss-weights amip=1,ampd=0.1,aitd=0.1,gitd=0.1] [--crop 32] [--spacing 1.5] [--batch 2] [--accumulate 1] [--lr 8e-4] [--weight-decay 0.01] [--teacher-momentum 0.996] [--drop-path 0.1] [--seed 1] [--save-every 50] [--memory-mb 1024] [--threads N] [--device cpu|webgpu]   or, to continue,   npm run pretrain -- --out RUN --resume [--data …, where it was volumes]   or, as a model for the lab,   npm run pretrain -- --out RUN --publish NAME [--model-version 0.1.0]'

const options = {
  ...pretrainFlags,
  data: { type: 'string', multiple: true },
  out: { type: 'string' },
  resume: { type: 'boolean', default: false },
  device: { type: 'string', default: 'cpu' },
  threads: { type: 'string' },
  'save-every': { type: 'string', default: '50' },
  'memory-mb': { type: 'string' },
  publish: { type: 'string' },
  'model-version': { type: 'string', default: '0.1.0' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

const defaultMemoryMb = 1024

/** The flags that make a new run; on --resume they would contradict its record. */
function requireNoSettings(values: Values): void {
  const given = [...Object.keys(pretrainFlags), 'memory-mb'].filter(
    name => values[name as keyof Values] !== undefined,
  )
  if (given.length > 0)
    throw new InputError(
      `A continued run keeps its settings, so --${given.join(', --')} cannot be given with --resume; leave it out, or begin a new run.`,
    )
}

async function openNew(values: Values): Promise<{ cohort: Cohort; settings: PretrainSettings }> {
  if (!values.data) throw new InputError(`What to learn from is missing (--data). Usage: ${usage}`)
  const flags: PretrainFlags = values
  const { preset, recipe } = readRecipe(flags)
  const cohort = await openCohort(values.data, { shape: recipe.cropShape, spacingMm: recipe.spacingMm })
  const memoryBytes = parseCount('memory-mb', values['memory-mb'] ?? String(defaultMemoryMb)) * 1e6
  const caseCount = cohort.source.count
  const settings: PretrainSettings = {
    preset,
    recipe,
    options: readOptions(flags),
    plan: planCrops(recipe, memoryBytes, cohort.source),
    caseCount,
    data: cohort.labels,
    memoryBytes,
  }
  return { cohort, settings }
}

async function openKnown(values: Values, out: string): Promise<Cohort> {
  requireNoSettings(values)
  const known = await readConfig(folderStorage(out))
  if (!known) throw new InputError(`There is no run to continue in ${out}; begin one without --resume.`)
  const data = values.data ?? known.data.filter(label => label.startsWith('phantom:'))
  if (data.length !== known.data.length && !values.data)
    throw new InputError(
      'The run was begun with volumes, which its folder does not hold; give them again with --data, in the same order.',
    )
  const { cropShape, spacingMm } = known.recipe
  return openCohort(data, { shape: cropShape, spacingMm })
}

function line(row: PretrainRow): string {
  const losses = Object.entries(row.losses).map(([name, value]) => `${name} ${value.toFixed(4)}`)
  const baseline = row.amipOfMean === undefined ? '' : ` (of the mean ${row.amipOfMean.toFixed(4)})`
  return [
    `step ${row.step + 1}  loss ${row.loss.toFixed(4)}  ${losses.join('  ')}${baseline}`,
    `lr ${row.learningRate.toExponential(2)}  teacher ${row.teacherDistance.toFixed(3)} away`,
    `${row.cropsPerSecond.toFixed(2)} crops/s  ${Math.ceil(row.secondsLeft / 60)} min left`,
  ].join('  ')
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  const { out } = values
  if (!out) throw new InputError(`Where to put the run is missing (--out). Usage: ${usage}`)
  if (values.publish !== undefined) {
    await publishPretrained(values.publish, folderStorage(out), values['model-version'])
    return
  }
  await withRunLock(out, () => pretrain(values, out))
}

async function pretrain(values: Values, out: string): Promise<void> {
  const saveEvery = parseCount('save-every', values['save-every'])
  const threads = values.threads === undefined ? undefined : parseCount('threads', values.threads)
  const opened = values.resume
    ? { cohort: await openKnown(values, out), settings: undefined }
    : await openNew(values)
  const { places, environment } = await nodePlaces(openTrainPlaces(values.device, threads))
  const control = new RunControl()
  stopOnSignals(control)
  const rows: PretrainRow[] = []
  let warned = ''
  const end = await performPretraining({
    storage: folderStorage(out),
    settings: opened.settings,
    source: opened.cohort.source,
    places,
    environment,
    control,
    saveEvery,
    onNotice: notice => console.log(notice),
    onStart(known, settings, label) {
      rows.push(...known)
      console.log(
        `${settings.preset}, ${settings.options.masking} masks, ${settings.caseCount} cases, from step ${known.length} of ${settings.options.steps}, on ${label}`,
      )
    },
    onRow(row) {
      rows.push(row)
      if (row.step === 0 || (row.step + 1) % 10 === 0) console.log(line(row))
      const warnings = collapseWarnings(rows)
      if (warnings.join() !== warned) warnings.forEach(warning => console.log(warning))
      warned = warnings.join()
    },
  })
  const place = path.relative(process.cwd(), out) || out
  console.log(
    end === 'finished'
      ? `Finished after ${rows.length} updates; the run is in ${place}.`
      : `Stopped after ${rows.length} updates; continue with npm run pretrain -- --out ${place} --resume.`,
  )
}

runCommand(main)
