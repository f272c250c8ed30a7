// The road from a scan to findings, on one page. The same function runs in the compute worker and in Node.
// scan → lung field → tiles through the network → probability on the scan's grid → candidates → measured, placed,
// classified findings. "No nodule found" is a result like any other.
import { InputError, throwIfCancelled } from '../base/errors.ts'
import { voxelCount } from '../base/shape.ts'
import { cropAt } from '../tokens/crops.ts'
import { normaliseHu } from '../tokens/normalise.ts'
import type { OpenedSeries, Volume } from '../volume/volume.ts'
import type { Candidate, CandidateRule } from './candidates.ts'
import { candidateRule, findCandidates } from './candidates.ts'
import type { ClassProbability, Finding, NamedModel, RunTiming } from './finding.ts'
import { malignancyOf, type LoadedModel } from './loadModel.ts'
import { locate } from './location.ts'
import type { LungField } from './lungField.ts'
import { findLungField } from './lungField.ts'
import { measureNodule } from './measure.ts'
import { pipelineVersion } from './pipelineVersion.ts'
import { defaultOverlap, segmentLungs, yieldToMessages } from './segment.ts'
import { classifyTexture } from './texture.ts'

export interface PredictProgress {
  /** What is being done, in the reader's words. */
  readonly stage: string
  readonly done: number
  readonly total: number
  /** Forecast for the whole run from the tiles so far; null before the first tile. */
  readonly secondsLeft: number | null
}

export interface PredictInput {
  readonly series: OpenedSeries
  readonly model: LoadedModel
  /** Searches for the nodules where `model` only classifies them. */
  readonly searchModel?: LoadedModel
  /** Where the model's sessions run, as it is written beside results; read at the end, since it may change. */
  readonly runtime: { readonly label: string }
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: PredictProgress) => void
  /** Least share of a tile's side that neighbours have in common, [0, 1). */
  readonly overlap?: number
  /** Replaces the model's own thresholds, e.g. when they are being chosen. */
  readonly rule?: CandidateRule
}

export interface Prediction {
  readonly findings: readonly Finding[]
  /** On the memory grid [D,H,W]: index of the finding + 1, 0 is background. */
  readonly labels: Uint8Array
  /** On the memory grid [D,H,W]: nodule probability × 255. */
  readonly probability: Uint8Array
  readonly lungField: LungField
  readonly tiles: number
  readonly timings: readonly RunTiming[]
  readonly warnings: readonly string[]
  readonly device: string
  readonly model: NamedModel
  readonly searchModel?: NamedModel
}

/**
 * Finds, measures and classifies the nodules of a chest CT.
 * @throws InputError when no lung is found or the model cannot segment; CancelledError after `signal` was raised, at
 * the next tile; Error when the network gives values that are not finite.
 */
export async function predict(input: PredictInput): Promise<Prediction> {
  const { series, model, signal, onProgress } = input
  const { volume } = series
  const finder = model.segment ? model : (input.searchModel ?? model)
  const network = finder.manifest.networks.segment
  if (!network || !finder.segment) {
    throw new InputError(
      `The model "${finder.manifest.name}" has no segmentation network, which a prediction needs; choose another model.`,
    )
  }
  const models = finder === model ? [model] : [model, finder]
  for (const one of models) one.takeEvents?.() // of a run that was cancelled
  const clock = startClock(onProgress)

  await clock.begin('Finding the lungs', signal)
  const lungField = findLungField(volume)

  await clock.begin('Searching for nodules', signal)
  const { probability, tiles } = await segmentLungs(volume, lungField, network, finder.segment, {
    overlap: input.overlap ?? defaultOverlap,
    signal,
    onTile: clock.count,
  })

  await clock.begin('Collecting candidates', signal)
  const labels = new Uint8Array(voxelCount(volume.shape))
  const rule = input.rule ?? candidateRule(network.thresholds)
  const candidates = findCandidates(probability, volume, lungField, rule, labels)

  await clock.begin('Measuring and classifying', signal)
  const findings: Finding[] = []
  for (const [i, candidate] of candidates.kept.entries()) {
    throwIfCancelled(signal, 'The prediction')
    for (const voxel of candidate.voxels) labels[voxel] = i + 1
    findings.push(await describe(`N${i + 1}`, candidate, volume, lungField, model))
    await yieldToMessages()
  }
  return {
    findings,
    labels,
    probability,
    lungField,
    tiles,
    timings: clock.end(),
    warnings: [
      ...(finder === model ? [] : [searchRemark(model, finder)]),
      ...new Set(models.flatMap(warningsOf)),
      ...lungField.warnings,
      ...candidates.warnings,
    ],
    device: input.runtime.label,
    model: nameModel(model),
    searchModel: finder === model ? undefined : nameModel(finder),
  }
}

/** Measures, places and classifies one candidate. */
async function describe(
  id: string,
  { voxels, probability }: Candidate,
  volume: Volume,
  lungField: LungField,
  model: LoadedModel,
): Promise<Finding> {
  const { centreRasMm, volumeMm3, longAxisMm, shortAxisMm, meanHu } = measureNodule(voxels, volume, volume.hu)
  const [x, y, z] = centreRasMm
  return {
    id,
    centreRasMm,
    centreLpsMm: [-x, -y, z],
    volumeMm3,
    longAxisMm,
    shortAxisMm,
    meanHu,
    texture: classifyTexture(voxels, volume, volume.hu),
    ...locate(centreRasMm, lungField),
    probability,
    ...(await classifyAt(centreRasMm, volume, model)),
  }
}

async function classifyAt(
  centreRasMm: readonly [number, number, number],
  volume: Volume,
  { manifest, classify }: LoadedModel,
): Promise<Pick<Finding, 'malignancy' | 'classes'>> {
  const network = manifest.networks.classify
  if (!network || !classify) return { malignancy: null, classes: null }
  const { labels, shape, spacingMm, huWindow, outputRange } = network
  const crop = cropAt(volume, centreRasMm, shape, spacingMm)
  const probabilities = await classify(normaliseHu(crop, huWindow, outputRange, crop))
  if (!probabilities.every(Number.isFinite)) {
    throw new Error(
      'The classifier gave a value that is no number: the results are not shown. Try another device.',
    )
  }
  const classes: ClassProbability[] = labels.map((label, i) => ({ label, probability: probabilities[i] }))
  return { malignancy: malignancyOf(labels, probabilities), classes }
}

const nameModel = ({ manifest: { name, version }, identity }: LoadedModel): NamedModel => ({
  name,
  version,
  sha256: identity,
})

function searchRemark(model: LoadedModel, finder: LoadedModel): string {
  const [classifier, searcher] = [model, finder].map(
    ({ manifest }) => `“${manifest.title} ${manifest.version}”`,
  )
  return `${classifier} only classifies: the nodules were searched for with ${searcher}.`
}

/** What a user should know of a model and of where it ran. */
function warningsOf(model: LoadedModel): string[] {
  const { remarks, pipelineVersion: madeFor } = model.manifest
  return [
    ...(remarks ?? []),
    ...(model.notices ?? []),
    ...(model.takeEvents?.() ?? []),
    ...versionWarnings(madeFor),
  ]
}

function versionWarnings(madeFor: string): string[] {
  if (madeFor === pipelineVersion) return []
  return [
    `The model was made for version ${madeFor} of the processing, this is ${pipelineVersion}: its figures in the model card need not hold.`,
  ]
}

/** Times the steps and forecasts the rest of the run from the tiles done so far. */
function startClock(onProgress: PredictInput['onProgress']) {
  const timings: RunTiming[] = []
  let step: { stage: string; at: number } | undefined
  const close = () => {
    if (step) timings.push({ step: step.stage, seconds: (performance.now() - step.at) / 1000 })
  }
  return {
    async begin(stage: string, signal: AbortSignal | undefined) {
      close()
      onProgress?.({ stage, done: 0, total: 1, secondsLeft: null })
      await yieldToMessages()
      throwIfCancelled(signal, 'The prediction')
      step = { stage, at: performance.now() }
    },
    count: (() => {
      let firstAt = 0
      return (done: number, total: number) => {
        const now = performance.now()
        if (done === 0) firstAt = now
        const secondsLeft = done === 0 ? null : ((now - firstAt) / 1000 / done) * (total - done)
        onProgress?.({ stage: step?.stage ?? '', done, total, secondsLeft })
      }
    })(),
    end() {
      close()
      return timings
    },
  }
}
