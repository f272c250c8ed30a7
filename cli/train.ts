// npm run train: trains one network of a model on phantom crops, and publishes model folders.
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { presets } from '../src/network/config.ts'
import { createCropSampler } from '../src/training/phantomCrops.ts'
import { chooseProbe, computeFeatures } from '../src/training/probe.ts'
import { recipeFor, type Recipe } from '../src/training/recipe.ts'
import { recipeOptions, recipeShapes } from '../src/training/recipeStep.ts'
import { hasSave, saveState } from '../src/training/run/checkpoint.ts'
import { RunControl } from '../src/training/run/control.ts'
import { rewindHistory, type HistoryRow } from '../src/training/run/history.ts'
import { performRun } from '../src/training/run/performRun.ts'
import { flattenState } from '../src/training/stepGraph.ts'
import { supervisedUpdates, type SupervisedFigures } from '../src/training/supervisedUpdates.ts'
import { folderStorage } from './support/folderStorage.ts'
import { openSteadyStep } from '../src/training/steadyStep.ts'
import { startSupervised, supervisedNumbers, supervisedStep } from '../src/training/supervisedStep.ts'
import { openTrainPlaces } from './support/openModel.ts'
import { loadNodeRuntime } from './support/nodeRuntime.ts'
import { publishModel } from './support/publishModel.ts'
import { runCommand } from './support/runCommand.ts'
import { withRunLock } from './support/runLock.ts'
import { stopOnSignals } from './support/stopOnSignals.ts'
import { loadCheckpoint, startParameters, writeConfig, type RunSettings } from './support/runFolder.ts'

/** Updates from one save, and one printed line, to the next. */
const reportEvery = 50

const usage =
  'npm run train -- --task segment|classify [--preset demo] [--steps 3000] [--minutes M] [--seed 1] [--lr R] [--from RUN|MODEL] [--method full|probe] [--device cpu|webgpu] --out RUN [--resume]   or   npm run train -- --publish NAME --model-version 0.2.0 --segment RUN --classify RUN [--remark SENTENCE]…'

const options = {
  task: { type: 'string' },
  preset: { type: 'string', default: 'demo' },
  steps: { type: 'string', default: '3000' },
  minutes: { type: 'string' },
  seed: { type: 'string', default: '1' },
  lr: { type: 'string' },
  from: { type: 'string' },
  method: { type: 'string', default: 'full' },
  device: { type: 'string', default: 'cpu' },
  out: { type: 'string' },
  resume: { type: 'boolean', default: false },
  publish: { type: 'string' },
  'model-version': { type: 'string', default: '0.1.0' },
  remark: { type: 'string', multiple: true },
  segment: { type: 'string' },
  classify: { type: 'string' },
} as const
type Options = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

function toNumber(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InputError(`--${name} is “${text}”; a number above 0 is expected. Usage: ${usage}`)
  return value
}

function readSettings({ task, preset, steps, minutes, seed, lr, from, method }: Options): RunSettings {
  if (task !== 'segment' && task !== 'classify')
    throw new InputError(`--task must be segment or classify. Usage: ${usage}`)
  if (!(preset in presets))
    throw new InputError(`There is no preset “${preset}”; choose one of ${Object.keys(presets).join(', ')}.`)
  if (method !== 'full' && method !== 'probe')
    throw new InputError(`--method is “${method}”; full or probe is expected. Usage: ${usage}`)
  if (method === 'probe' && (task !== 'classify' || from === undefined))
    throw new InputError(`A probe is for --task classify and starts --from a run. Usage: ${usage}`)
  const name = preset as keyof typeof presets
  return {
    schemaVersion: 1,
    task,
    preset: name,
    steps: toNumber('steps', steps),
    minutes: minutes === undefined ? null : toNumber('minutes', minutes),
    seed: toNumber('seed', seed),
    learningRate: lr === undefined ? recipeFor(task, name).learningRate : toNumber('lr', lr),
    from: from ?? null,
    method,
  }
}

/** Fits the classification head on features of the `from` run's encoder; `--steps` counts batches of crops. */
async function trainProbe(settings: RunSettings, folder: string): Promise<void> {
  const recipe = recipeFor('classify', settings.preset)
  const shapes = recipeShapes('classify', recipe)
  const runtime = await loadNodeRuntime()
  const parameters = await startParameters(settings, shapes, recipe)
  await writeConfig(folder, settings, recipe, runtime.label)
  const features = (split: 'train' | 'val', batches: number) =>
    computeFeatures(
      recipe,
      shapes,
      parameters,
      batches,
      createCropSampler('classify', recipe, settings.seed, split),
      runtime,
    )
  const train = await features('train', settings.steps)
  const validation = await features('val', Math.ceil(settings.steps / 4))
  const { penalty, model, auc } = chooseProbe(train, validation, [10, 30, 100, 300, 1000])
  const { weight, bias } = model
  parameters['cls_head.weight'] = Float32Array.of(...weight.map(w => -w / 2), ...weight.map(w => w / 2))
  parameters['cls_head.bias'] = Float32Array.of(-bias / 2, bias / 2)
  const stateShapes = flattenState({ parameters: shapes, m: shapes, v: shapes, averaged: shapes })
  const tensors = flattenState(startSupervised(parameters).groups)
  await saveState(folderStorage(folder), stateShapes, { step: settings.steps, tensors })
  console.log(
    `probe on ${train.rows.length} crops, penalty ${penalty}: AUC ${auc.toFixed(3)} on ${validation.rows.length} validation crops; checkpoint in ${folder}`,
  )
}

/** Prints a line and the device's notices, now and then. */
function reporter(notices: readonly string[]) {
  const recent: number[] = []
  let said = 0
  return ({ step, loss, learningRate, seconds }: HistoryRow & SupervisedFigures): void => {
    recent.push(loss)
    for (const notice of notices.slice(said)) console.log(notice)
    said = notices.length
    if (recent.length < reportEvery) return
    const mean = recent.reduce((sum, one) => sum + one, 0) / recent.length
    recent.length = 0
    console.log(
      `step ${step + 1}  loss ${mean.toFixed(4)}  lr ${learningRate.toExponential(2)}  ${seconds.toFixed(2)} s a step`,
    )
  }
}

/** The state that a run begins with, or goes on from. @throws InputError when the folder holds a run that is not wanted. */
async function openState(settings: RunSettings, folder: string, recipe: Recipe, shouldResume: boolean) {
  const isKnown = await hasSave(folderStorage(folder))
  if (isKnown && !shouldResume)
    throw new InputError(
      `${folder} already holds a run; add --resume to continue it, or choose another --out.`,
    )
  if (isKnown) return loadCheckpoint(folder)
  return startSupervised(await startParameters(settings, recipeShapes(settings.task, recipe), recipe))
}

async function train(
  settings: RunSettings,
  folder: string,
  device: string,
  shouldResume: boolean,
): Promise<void> {
  const recipe = recipeFor(settings.task, settings.preset)
  const options = recipeOptions(settings.task, recipe)
  const storage = folderStorage(folder)
  const start = await openState(settings, folder, recipe, shouldResume)
  const definition = supervisedStep(options)
  const batch = createCropSampler(settings.task, recipe, settings.seed, 'train')
  const places = openTrainPlaces(device)
  const step = await openSteadyStep({ definition, state: start, places, batch })
  await writeConfig(folder, settings, recipe, step.label)
  await rewindHistory(storage, start.step)
  const trained = step.updated.filter(name => name.startsWith('parameters.')).length
  console.log(`${settings.task}, ${trained} parameters trained, from step ${start.step}, on ${step.label}`)
  const updates = supervisedUpdates({
    ...{ step, shapes: definition.state, batch, steps: settings.steps },
    numbers: (index, learningRate) =>
      supervisedNumbers(index, learningRate, { adamW: options.adamW, averaging: 0.995 }),
    learningRate: settings.learningRate,
    warmupSteps: recipe.warmupSteps,
    seconds: settings.minutes === null ? Infinity : settings.minutes * 60,
  })
  const control = new RunControl()
  stopOnSignals(control)
  const onRow = reporter(step.notices)
  const end = await performRun(updates, { storage, from: start.step, saveEvery: reportEvery, control, onRow })
  const { step: made } = await step.read()
  await step.release()
  console.log(`${end === 'finished' ? 'done' : 'stopped'} after ${made} updates; the run is in ${folder}`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  const { publish, segment, classify, out, device, resume } = values
  if (publish !== undefined) {
    await publishModel(publish, { segment, classify }, values['model-version'], values.remark)
    return
  }
  if (!out) throw new InputError(`Where to put the run is missing (--out). Usage: ${usage}`)
  const settings = readSettings(values)
  await withRunLock(out, () =>
    settings.method === 'probe' ? trainProbe(settings, out) : train(settings, out, device, resume),
  )
}

runCommand(main)
