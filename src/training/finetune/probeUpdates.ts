// The updates of a linear probe: the features of a few cases at a time, computed once; then a fit for each fold, judged on
// its held-out cases; then the kept head on all cases.
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'
import { classProbabilities, fitWithPenalty, type ClassModel } from '../fitClasses.ts'
import { flattenState } from '../stepGraph.ts'
import { judgedImage } from './batches.ts'
import { dealPatients, usableCases, type Division } from './divide.ts'
import type { ExamplePrediction, FinetuneFigures, FollowedPrediction, ValidationFigures } from './figures.ts'
import { followedImage, followedPrediction, type FollowedPlace } from './followed.ts'
import { featuresOf, Forward } from './forward.ts'
import { examplesOf, thresholdOf, validationFigures } from './judge.ts'
import { ScoreTable, scoreWidth } from './scores.ts'
import type { FinetuneSettings } from './settings.ts'
import type { FinetuneSetup, FinetuneUpdates } from './setup.ts'

/** Cases whose features one update computes. */
const featureBatch = 4
const penalties = [10, 30, 100, 300, 1000]
/** Parts of the training cases that the penalty is chosen on. */
const penaltyParts = 4

const featureWidth = ({ entry }: FinetuneSettings) => 12 * entry.config.embed

/** Shapes of what a save of a probe holds. */
export function probeStateShapes(settings: FinetuneSettings, cases: number): Record<string, ParameterShapes> {
  const width = featureWidth(settings)
  const classes = settings.entry.config.n_classes
  return {
    features: { rows: [cases, width] },
    parameters: { 'cls_head.weight': [classes, width], 'cls_head.bias': [classes] },
    scores: new ScoreTable(cases, scoreWidth(settings)).shapes,
  }
}

/** Updates of a whole probe. */
export function probeSteps(usable: number, parts: number): number {
  return Math.ceil(usable / featureBatch) + parts
}

/** The head as a model of features. */
function headOf(values: ParameterValues, classes: number): ClassModel {
  const weight = Float64Array.from(values['cls_head.weight'])
  const width = weight.length / classes
  return {
    weight: Array.from({ length: classes }, (_, k) => weight.subarray(k * width, (k + 1) * width)),
    bias: [...values['cls_head.bias']],
  }
}

class ProbeRun {
  private readonly table: ScoreTable
  private readonly features: Float32Array
  private readonly head: ParameterValues
  private readonly usable: readonly number[]
  private followedRow: Float32Array | undefined

  constructor(
    private readonly setup: FinetuneSetup,
    private readonly forward: Forward,
  ) {
    const { settings, crops, start, saved } = setup
    this.usable = usableCases(crops.cases, settings.task)
    this.table = new ScoreTable(crops.cases.length, scoreWidth(settings), saved?.groups.scores)
    this.features =
      saved?.groups.features.rows.slice() ?? new Float32Array(crops.cases.length * featureWidth(settings))
    const names = ['cls_head.weight', 'cls_head.bias']
    const from = saved?.groups.parameters ?? start.values
    this.head = Object.fromEntries(names.map(name => [name, from[name].slice()]))
  }

  async advance(step: number): Promise<FinetuneFigures> {
    const { parts } = this.setup
    const batches = Math.ceil(this.usable.length / featureBatch)
    const common = { epoch: 0, epochs: 1, loss: null, learningRate: 0 }
    if (step < batches) {
      const seconds = await this.computeFeatures(step)
      const cropsPerSecond = featureBatch / seconds
      return { stage: 'features', fold: 0, ...common, epoch: step, epochs: batches, cropsPerSecond }
    }
    const started = performance.now()
    const { stage, fold, division } = parts[step - batches]
    const validation = await this.fit(division, step - batches)
    const seconds = (performance.now() - started) / 1000
    const cropsPerSecond = division.train.length / seconds
    return { stage, fold, ...common, cropsPerSecond, ...(validation && { validation }) }
  }

  read(): Promise<ParameterValues> {
    return Promise.resolve(
      flattenState({
        features: { rows: this.features },
        parameters: this.head,
        scores: this.table.values,
      }),
    )
  }

  private rowOf(at: number): Float32Array {
    const width = featureWidth(this.setup.settings)
    return this.features.subarray(at * width, (at + 1) * width)
  }

  /** @returns seconds. */
  private async computeFeatures(batch: number): Promise<number> {
    const { settings, crops, start } = this.setup
    const started = performance.now()
    const picked = this.usable.slice(batch * featureBatch, (batch + 1) * featureBatch)
    const images = picked.map(at => judgedImage(crops, at, settings))
    const rows = await this.forward.run(images, start.values)
    picked.forEach((at, i) => this.rowOf(at).set(rows[i]))
    return (performance.now() - started) / 1000
  }

  /** Features of the followed place: those of its case, or computed once more when the run goes on. */
  private async followedFeatures(followed: FollowedPlace): Promise<Float32Array> {
    const { at } = followed
    if (at !== null && this.usable.includes(at)) return this.rowOf(at)
    const { crops, settings, start } = this.setup
    this.followedRow ??= (await this.forward.run([followedImage(followed, crops, settings)], start.values))[0]
    return this.followedRow
  }

  private async follow(head: ClassModel, division: Division): Promise<FollowedPrediction | null> {
    const { followed, crops, settings } = this.setup
    if (!followed) return null
    const row = classProbabilities(head, await this.followedFeatures(followed))
    return followedPrediction(followed, row, division, crops, settings)
  }

  /** Fits the head to a division and judges what it holds out. */
  private async fit(division: Division, part: number): Promise<ValidationFigures | undefined> {
    const { train, held } = division
    const { settings, crops, parts, start, judgesStart, onMessage } = this.setup
    const classes = settings.entry.config.n_classes
    const labels = train.map(at => crops.cases[at].label!)
    const partOf = dealPatients(crops.cases, train, penaltyParts, settings)
    const rows = train.map(at => this.rowOf(at))
    const { model } = fitWithPenalty(
      { width: featureWidth(settings), rows, labels },
      classes,
      partOf,
      penalties,
    )
    model.weight.forEach((weight, k) => this.head['cls_head.weight'].set(weight, k * weight.length))
    this.head['cls_head.bias'].set(model.bias)
    // Judged as they will be kept: in single precision.
    const kept = headOf(this.head, classes)
    const { stage, fold } = parts[part]
    const folds = parts.filter(one => one.stage === 'fold').length
    const followed = await this.follow(kept, division)
    const tell = (examples: readonly ExamplePrediction[]) =>
      onMessage({ kind: 'examples', stage, fold, folds, epoch: 0, examples, followed })
    if (held.length === 0) {
      if (followed) tell([])
      return undefined
    }
    const judge = (picked: readonly number[], head: ClassModel) =>
      picked.map(at => ({ at, row: classProbabilities(head, this.rowOf(at)), mask: null }))
    const judged = judge(held, kept)
    const threshold = thresholdOf(judge(train, kept), crops)
    for (const { at, row } of judged) {
      this.table.set('after', at, row)
      this.table.values.threshold[at] = classes === 2 ? threshold : 0.5
    }
    if (judgesStart)
      for (const { at, row } of judge(held, headOf(start.values, classes))) this.table.set('before', at, row)
    tell(examplesOf(judged))
    return validationFigures(judged, crops, settings)
  }
}

/** Opens a probe where it stands; its features are computed on the device that trains elsewhere, or on the CPU. */
export async function openProbeUpdates(setup: FinetuneSetup): Promise<FinetuneUpdates> {
  const { settings, crops, parts, places, shapes, onNotice } = setup
  const { entry } = settings
  const notices: string[] = []
  const gpu = await places.openGpu().catch((error: unknown) => {
    notices.push(`The GPU is not used: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  })
  if (!gpu) await places.openCpu(notices.length > 0 ? 'the GPU is not used' : 'no GPU found')
  const read = featuresOf(entry)
  const forward = new Forward({ forward: read, shapes, entry, batch: featureBatch, places, onNotice })
  const run = new ProbeRun(setup, forward)
  const usable = usableCases(crops.cases, settings.task).length
  return {
    shapes: flattenState(probeStateShapes(settings, crops.cases.length)),
    steps: probeSteps(usable, parts.length),
    label: places.current!.label,
    notices,
    advance: step => run.advance(step),
    read: () => run.read(),
    release: () => forward.release(),
  }
}
