// The updates of a run that learns by gradients: the folds, each from the start and judged at its end, then the kept
// model. Everything that outlives an update is in its state, scores and bookkeeping included.
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'
import { accumulateNumbersAt } from '../accumulate.ts'
import { PassRunner } from '../run/passes.ts'
import { openSteadyStep, type SteadyStep } from '../steadyStep.ts'
import { DivergenceError, flattenState, type TrainState } from '../stepGraph.ts'
import { startSupervised, supervisedNumbers, zerosLike } from '../supervisedStep.ts'
import { batchMaker } from './batches.ts'
import { adamWOf, finetuneDefinition } from './definition.ts'
import type { FinetuneFigures, FollowedPrediction, ValidationFigures } from './figures.ts'
import { followedImage, followedPrediction } from './followed.ts'
import { Forward, probabilitiesOf } from './forward.ts'
import { examplesOf, judgeCases, thresholdOf, validationFigures } from './judge.ts'
import { learningRateAt, placeOf, updatesOf, type Part, type UpdatePlace } from './parts.ts'
import { PartProgress } from './progress.ts'
import { ScoreTable, scoreWidth } from './scores.ts'
import type { FinetuneSettings } from './settings.ts'
import { packMask } from './heldOutlines.ts'
import type { FinetuneSetup, FinetuneUpdates } from './setup.ts'
import { mergeAdapters, type TrainedSplit } from './trained.ts'

/** Crops of one run of the network when cases are judged. */
const judgedBatch = (task: FinetuneSettings['task']) => (task === 'segment' ? 1 : 4)

/** Shapes of what a save holds. */
export function gradientStateShapes(
  settings: FinetuneSettings,
  { trainedShapes }: Pick<TrainedSplit, 'trainedShapes'>,
  cases: number,
  folds: number,
): Record<string, ParameterShapes> {
  return {
    ...{ parameters: trainedShapes, m: trainedShapes, v: trainedShapes, averaged: trainedShapes },
    ...(settings.patience !== null && { best: trainedShapes }),
    scores: new ScoreTable(cases, scoreWidth(settings)).shapes,
    progress: new PartProgress(folds).shapes,
  }
}

/** Everything that the updates of a run share. */
class GradientRun {
  private readonly table: ScoreTable
  private readonly progress: PartProgress
  private readonly forward: Forward
  private best: ParameterValues
  private next = 0

  constructor(
    private readonly setup: FinetuneSetup,
    private readonly split: TrainedSplit,
    private readonly step: SteadyStep,
    private readonly runner: PassRunner,
  ) {
    const { settings, crops, saved, shapes, places, onNotice, parts } = setup
    this.table = new ScoreTable(crops.cases.length, scoreWidth(settings), saved?.groups.scores)
    this.progress = new PartProgress(parts.length, saved?.groups.progress)
    this.best = saved?.groups.best ?? split.trained
    const forward = probabilitiesOf(settings.task, settings.entry)
    const { entry, task } = settings
    this.forward = new Forward({ forward, shapes, entry, places, onNotice, batch: judgedBatch(task) })
  }

  after(): number {
    return this.next
  }

  async advance(step: number): Promise<FinetuneFigures> {
    const { settings, parts } = this.setup
    const place = placeOf(parts, step)
    if (place.update === 0) this.beginPart(step)
    const started = performance.now()
    const learningRate = learningRateAt(place, settings)
    const loss = await this.pass(step, place, learningRate)
    const seconds = (performance.now() - started) / 1000
    const validation = place.endsEpoch ? await this.endEpoch(place) : undefined
    const isOver = this.isOver(place)
    if (isOver) await this.endPart(place)
    this.next = isOver ? place.part.first + place.part.updates : step + 1
    return {
      ...{ stage: place.part.stage, fold: place.part.fold, epoch: place.epoch, epochs: settings.epochs },
      ...{ loss, learningRate, cropsPerSecond: (settings.batch * settings.accumulate) / seconds },
      ...(validation && { validation }),
    }
  }

  /** The state as a save has it. */
  async read(): Promise<ParameterValues> {
    const { groups } = await this.step.read()
    const { parameters, m, v, averaged } = groups
    const best: Record<string, ParameterValues> =
      this.setup.settings.patience === null ? {} : { best: this.best }
    return flattenState({
      ...{ parameters, m, v, averaged, ...best },
      ...{ scores: this.table.values, progress: this.progress.values },
    })
  }

  async release(): Promise<void> {
    await this.forward.release()
    await this.step.release()
  }

  private beginPart(step: number): void {
    const { accumulate } = this.setup.settings
    this.step.reset(startOf(this.split, step * accumulate, accumulate))
    this.progress.begin()
    this.best = this.split.trained
  }

  /** The passes of one update. @returns the mean of their losses. */
  private async pass(step: number, place: UpdatePlace, learningRate: number): Promise<number> {
    const { settings } = this.setup
    const { accumulate, averaging } = settings
    const numbers = supervisedNumbers(place.update, learningRate, { adamW: adamWOf(settings), averaging })
    let sum = 0
    for (let part = 0; part < accumulate; part++) {
      const more = accumulate > 1 ? accumulateNumbersAt(part, accumulate) : {}
      const { loss } = await this.runner.run(step * accumulate + part, { ...numbers, ...more })
      sum += loss
    }
    return sum / accumulate
  }

  /** The whole network by trained values. */
  private network(trained: ParameterValues): ParameterValues {
    return mergeAdapters({ ...this.split.frozen, ...trained }, this.setup.shapes)
  }

  /** Judges by the averaged weights what is not learnt from, and shows it beside the open scan. */
  private async endEpoch({ part, epoch }: UpdatePlace): Promise<ValidationFigures | undefined> {
    const { parts, followed: place, onMessage } = this.setup
    const { watched, held } = part.division
    const shown = watched.length > 0 ? watched : held
    if (shown.length === 0 && !place) return undefined
    const { averaged } = (await this.step.read()).groups
    const { judged, figures } = await this.judgeEpoch(shown, averaged, epoch)
    if (figures && watched.length > 0 && this.progress.note(figures.loss, epoch)) this.best = copyOf(averaged)
    const { stage, fold } = part
    const folds = parts.filter(one => one.stage === 'fold').length
    const examples = examplesOf(judged)
    const followed = await this.follow(part, this.network(averaged))
    onMessage({ kind: 'examples', stage, fold, folds, epoch, examples, followed })
    return figures
  }

  /** @throws DivergenceError when a loss is no number. */
  private async judgeEpoch(shown: readonly number[], averaged: ParameterValues, epoch: number) {
    const { settings, crops } = this.setup
    if (shown.length === 0) return { judged: [], figures: undefined }
    const judged = await judgeCases(crops, shown, settings, this.forward, this.network(averaged))
    const figures = validationFigures(judged, crops, settings)
    if (Number.isFinite(figures.loss)) return { judged, figures }
    throw new DivergenceError(
      `The validation loss became ${figures.loss} in epoch ${epoch + 1}; lower the learning rate and begin anew, or go on from the last save.`,
    )
  }

  private async follow({ division }: Part, values: ParameterValues): Promise<FollowedPrediction | null> {
    const { followed, crops, settings } = this.setup
    if (!followed) return null
    const [row] = await this.forward.run([followedImage(followed, crops, settings)], values)
    return followedPrediction(followed, row, division, crops, settings)
  }

  private isOver({ part, epoch, update, endsEpoch }: UpdatePlace): boolean {
    if (!endsEpoch) return false
    if (update + 1 === part.updates) return true
    const { patience } = this.setup.settings
    if (patience === null) return false
    // The kept model of folds is trained for as long as was best for them.
    if (part.stage === 'final') return epoch + 1 >= this.progress.medianEpochs()
    return this.progress.epochsWithoutBetter >= patience
  }

  /** Judges what was held out, once, by the model that the part gives, and by the start model. */
  private async endPart({ part, index, epoch }: UpdatePlace): Promise<void> {
    const { settings, crops, start, judgesStart, onOutlines } = this.setup
    const { train, watched, held } = part.division
    const isBest = settings.patience !== null && watched.length > 0
    this.progress.end(index, isBest ? undefined : epoch + 1)
    if (held.length === 0) return
    const kept = isBest ? this.best : (await this.step.read()).groups.averaged
    const judge = (picked: readonly number[], values: ParameterValues) =>
      judgeCases(crops, picked, settings, this.forward, values)
    const judged = await judge(held, this.network(kept))
    for (const { at, row } of judged) this.table.set('after', at, row)
    const outlines = judged.flatMap(({ at, mask }) => (mask ? [{ at, bits: packMask(mask) }] : []))
    if (outlines.length > 0) await onOutlines(index, outlines)
    if (judgesStart)
      for (const { at, row } of await judge(held, start.values)) this.table.set('before', at, row)
    if (settings.task === 'segment' || settings.entry.config.n_classes !== 2) return
    const seen = await judge(train, this.network(kept))
    const threshold = thresholdOf(seen, crops)
    for (const at of held) this.table.values.threshold[at] = threshold
  }
}

function copyOf(values: ParameterValues): ParameterValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.slice()]))
}

/** State of a step; sums of gradients begin anew with every update, so that no save holds them. */
function withSums(state: TrainState, split: TrainedSplit, accumulate: number): TrainState {
  const sums: Record<string, ParameterValues> = accumulate > 1 ? { gradients: zerosLike(split.trained) } : {}
  return { ...state, groups: { ...state.groups, frozen: split.frozen, ...sums } }
}

function startOf(split: TrainedSplit, pass: number, accumulate: number): TrainState {
  return withSums({ ...startSupervised(split.trained), step: pass }, split, accumulate)
}

/** Compiles the step and opens the run where it stands. */
export async function openGradientUpdates(
  setup: FinetuneSetup,
  split: TrainedSplit,
): Promise<FinetuneUpdates> {
  const { settings, crops, parts, places, saved } = setup
  const { accumulate } = settings
  const definition = finetuneDefinition(settings, split)
  const makers = parts.map(({ division }) => batchMaker(crops, division, settings))
  const steps = updatesOf(parts)
  const inputsOf = (pass: number) => {
    const { part, index, epoch, update } = placeOf(parts, Math.floor(pass / accumulate))
    const passInEpoch = (update % part.updatesPerEpoch) * accumulate + (pass % accumulate)
    return Promise.resolve(makers[index]({ part: index, epoch, passInEpoch, pass }))
  }
  const state = saved
    ? withSums({ groups: saved.groups, step: saved.step * accumulate }, split, accumulate)
    : startOf(split, 0, accumulate)
  const step = await openSteadyStep({ definition, state, places, batch: inputsOf })
  const run = new GradientRun(setup, split, step, new PassRunner(step, inputsOf, steps * accumulate))
  return {
    shapes: flattenState(gradientStateShapes(settings, split, crops.cases.length, parts.length)),
    steps,
    notices: step.notices,
    get label() {
      return step.label
    },
    advance: index => run.advance(index),
    after: () => run.after(),
    read: () => run.read(),
    release: () => run.release(),
  }
}
