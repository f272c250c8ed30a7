// Pretraining as the updates of a run: the step on a device, the images and random inputs of each pass, and the figures
// that the history keeps.
import { initialiseParameters } from '../../network/initialise.ts'
import { parameterShapes, type ParameterShapes, type ParameterValues } from '../../network/parameters.ts'
import { PassRunner } from '../run/passes.ts'
import type { Updates } from '../run/performRun.ts'
import { flattenState, type TrainState } from '../stepGraph.ts'
import { openSteadyStep, type TrainPlaces } from '../steadyStep.ts'
import { pretrainDefinition } from './definition.ts'
import {
  configFor,
  isOn,
  lossNames,
  partsFor,
  requireCropShape,
  requireOptions,
  type LossName,
  type PretrainOptions,
} from './options.ts'
import { drawPass, passNumbers, scheduledNumbers } from './randomInputs.ts'
import type { PretrainRecipe } from './recipe.ts'
import type { ViewStream } from './viewStream.ts'

type ByLoss = Partial<Record<LossName, number>>

/** What the history keeps of an update; mean over its passes. Entropies are shares of the largest possible one. */
export interface PretrainFigures {
  readonly loss: number
  /** Those that are on, before their weights. */
  readonly losses: ByLoss
  /** Masked L1 of predicting each crop's mean, where AMIP is on: what AMIP must fall below. */
  readonly amipOfMean?: number
  readonly learningRate: number
  readonly teacherTemperature: number
  readonly teacherMomentum: number
  /** ‖teacher − student‖ / ‖student‖ after the update. */
  readonly teacherDistance: number
  readonly entropy: ByLoss
  readonly entropyOfMean: ByLoss
  /** Deviation of the student's mean stage-4 token over the crops. */
  readonly featureSpread: number
  readonly cropsPerSecond: number
}

/** Shapes of everything that outlives an update, by group; m and v are the student's moments. */
export function stateShapes(recipe: PretrainRecipe, options: PretrainOptions): TrainStateShapes {
  const config = configFor(recipe.config, options)
  const student = parameterShapes(config, partsFor(options))
  const teacher = Object.fromEntries(
    Object.entries(student).filter(([name]) => !name.startsWith('rec_head.')),
  )
  const centres = { aitd: [config.K], ampd: [config.K], gitd: [config.K] }
  return { student, m: student, v: student, teacher, centres }
}

type TrainStateShapes = Readonly<Record<string, ParameterShapes>>

function zerosOf(shapes: ParameterShapes): ParameterValues {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      new Float32Array(shape.reduce((product, size) => product * size, 1)),
    ]),
  )
}

/** The state before the first update: the teacher a copy of the student, moments and centres zero (SPEC 10). */
export function startState(recipe: PretrainRecipe, options: PretrainOptions): TrainState {
  const shapes = stateShapes(recipe, options)
  const student = initialiseParameters(shapes.student, options.seed)
  const teacher = Object.fromEntries(Object.keys(shapes.teacher).map(name => [name, student[name].slice()]))
  const zeros = (group: string) => zerosOf(shapes[group])
  return {
    groups: { student, m: zeros('m'), v: zeros('v'), teacher, centres: zeros('centres') },
    step: 0,
  }
}

/** Sums over an update's passes; they begin anew with every update, so that no save holds them. */
function withSums(state: TrainState, shapes: TrainStateShapes): TrainState {
  const sums = { gradients: zerosOf(shapes.student), answers: zerosOf(shapes.centres) }
  return { ...state, groups: { ...state.groups, ...sums } }
}

function meanOf(passes: readonly Record<string, number>[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(passes[0]).map(name => [
      name,
      passes.reduce((sum, pass) => sum + pass[name], 0) / passes.length,
    ]),
  )
}

function figuresOf(
  reports: Record<string, number>,
  last: Record<string, number>,
  step: number,
  options: PretrainOptions,
  seconds: number,
): PretrainFigures {
  const byLoss = (prefix: string): ByLoss =>
    Object.fromEntries(
      lossNames.flatMap(name => (`${prefix}${name}` in reports ? [[name, reports[`${prefix}${name}`]]] : [])),
    )
  const { learningRate, teacherTemperature, momentum } = scheduledNumbers(step, options)
  return {
    loss: reports.loss,
    losses: byLoss(''),
    ...(isOn(options, 'amip') && { amipOfMean: reports.amip_of_mean }),
    learningRate,
    teacherTemperature,
    teacherMomentum: momentum,
    teacherDistance: last.teacher_distance,
    entropy: byLoss('entropy_'),
    entropyOfMean: byLoss('spread_'),
    featureSpread: reports.feature_spread,
    cropsPerSecond: (options.batch * options.accumulate) / seconds,
  }
}

export interface PretrainSetup {
  readonly recipe: PretrainRecipe
  readonly options: PretrainOptions
  readonly views: ViewStream
  readonly places: TrainPlaces
  /** What the run goes on from; its step counts updates. */
  readonly state: TrainState
}

export interface PretrainUpdates extends Updates<PretrainFigures> {
  /** Where the updates are computed now, for people. */
  readonly label: string
  /** What there is to say about that, so far. */
  readonly notices: readonly string[]
  release(): Promise<void>
}

/**
 * Compiles the step. The inputs of the next update are made while the device computes.
 * @throws InputError for options or crops that make no run.
 */
export async function openPretrainUpdates(setup: PretrainSetup): Promise<PretrainUpdates> {
  const { recipe, options, views, places } = setup
  requireOptions(options)
  requireCropShape(recipe.cropShape)
  const shapes = stateShapes(recipe, options)
  const accumulates = options.accumulate > 1
  const definition = pretrainDefinition(
    accumulates ? { ...shapes, gradients: shapes.student, answers: shapes.centres } : shapes,
    recipe,
    options,
  )
  const config = configFor(recipe.config, options)
  const inputsOf = async (pass: number) => ({
    images: await views(pass),
    ...drawPass(config, recipe.cropShape, options, pass),
  })
  const start = accumulates ? withSums(setup.state, shapes) : setup.state
  // What is one step to the device is one pass of an update.
  const state = { ...start, step: start.step * options.accumulate }
  const step = await openSteadyStep({ definition, state, places, batch: inputsOf })
  const runner = new PassRunner(step, inputsOf, options.steps * options.accumulate)
  return {
    shapes: flattenState(shapes),
    steps: options.steps,
    notices: step.notices,
    get label() {
      return step.label
    },
    async advance(index) {
      const started = performance.now()
      const reports: Record<string, number>[] = []
      for (let part = 0; part < options.accumulate; part++) {
        const pass = index * options.accumulate + part
        reports.push(await runner.run(pass, passNumbers(index, part, options)))
      }
      const seconds = (performance.now() - started) / 1000
      return figuresOf(meanOf(reports), reports.at(-1)!, index, options, seconds)
    },
    async read() {
      const { groups } = await step.read()
      return flattenState(Object.fromEntries(Object.keys(shapes).map(name => [name, groups[name]])))
    },
    release: () => step.release(),
  }
}
