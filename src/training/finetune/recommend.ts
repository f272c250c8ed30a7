// Settings that somebody who has never fine-tuned can accept, from how many cases there are, what the start model is and
// what computes; each choice with its reason.
import type { Triple } from '../../base/shape.ts'
import { presets, type NetworkConfig } from '../../network/config.ts'
import type { ModelManifest, NetworkEntry } from '../../network/model.ts'
import type { CropSummary } from './requireSettings.ts'
import { startEntry } from './runRecord.ts'
import type {
  AugmentOptions,
  FinetuneMethod,
  FinetuneSettings,
  FinetuneTask,
  Validation,
} from './settings.ts'
import { networkOf } from './trained.ts'

export interface DeviceFacts {
  readonly kind: 'cpu' | 'gpu'
  readonly threads: number
}

export interface KnownStart {
  readonly manifest: ModelManifest
  readonly identity: string
}

export interface Recommendation {
  readonly settings: FinetuneSettings
  readonly reasons: readonly string[]
}

/** The box to cut for a network's crop: half as large again, so that turning and shifting does not leave it. */
export function boxShapeFor(shape: Triple): Triple {
  return shape.map(size => size + 2 * Math.ceil(size / 4)) as unknown as Triple
}

/** Spacing at which a large lesion fits into a crop that is chosen for nodules. */
const wholeLesionSpacingMm: Triple = [2, 2, 2]

/**
 * The network of the new model: the start model's for this task, or its encoder at its spacing with a fresh head.
 * @returns the demo preset's from scratch.
 */
export function entryFor(
  task: FinetuneTask,
  classes: readonly string[],
  start: KnownStart | null,
): NetworkEntry {
  const from = start ? startEntry(start.manifest, task) : undefined
  const isSegmentation = task === 'segment'
  const config: NetworkConfig = from?.config ?? presets.demo
  const isSame = from?.prefix === `${networkOf(task)}.`
  const spacingMm: Triple =
    task === 'respond' && !isSame ? wholeLesionSpacingMm : (from?.spacingMm ?? [1.5, 1.5, 1.5])
  const labels = isSegmentation ? ['background', 'nodule'] : [...classes]
  const thresholds: Record<string, number> = isSegmentation
    ? { seed: 0.5, mask: 0.35, smallestDiameterMm: 3 }
    : labels.includes('malignant')
      ? { malignant: 0.5 }
      : {}
  return {
    config: isSegmentation ? { ...config, seg_classes: 2 } : { ...config, n_classes: labels.length },
    prefix: `${networkOf(task)}.`,
    spacingMm,
    shape: from?.shape ?? [32, 32, 32],
    huWindow: from?.huWindow ?? [-1000, 400],
    outputRange: from?.outputRange ?? [-1, 1],
    padHu: from?.padHu ?? -1024,
    labels,
    thresholds: isSame && isSegmentation ? from.thresholds : thresholds,
  }
}

const gentle: AugmentOptions = {
  flip: true,
  rotationDegrees: 10,
  scaling: 0.08,
  shiftVoxels: 1.5,
  huOffset: 15,
  contrast: 0.03,
  noiseHu: 10,
}

/** Cases from which on training more than the last layer has enough to learn from; chosen by hand. */
const enoughForAll = 300
const enoughForAdapters = 120

function chooseMethod(
  task: FinetuneTask,
  usable: number,
  start: KnownStart | null,
  device: DeviceFacts,
): readonly [FinetuneMethod, string] {
  if (!start) return ['full', 'Without a start model everything has to be trained.']
  if (task === 'segment') {
    if (!start.manifest.networks.segment)
      return ['full', `${start.manifest.name} has no decoder, so that one is trained with the encoder.`]
    return usable >= enoughForAll && device.kind === 'gpu'
      ? ['full', `${usable} masks are enough to train the whole network on a GPU.`]
      : [
          'head',
          `With ${usable} masks the decoder learns and the encoder stays: quicker, and hard to overfit.`,
        ]
  }
  if (usable >= enoughForAll && device.kind === 'gpu')
    return ['full', `${usable} cases are enough to train the whole network on a GPU.`]
  if (usable >= enoughForAdapters && device.kind === 'gpu')
    return [
      'lora',
      `${usable} cases are enough for small adapters on the attention, too few for the whole network.`,
    ]
  return [
    'probe',
    `With ${usable} cases${device.kind === 'cpu' ? ' and no GPU' : ''} a linear probe learns in minutes and can hardly overfit; try adapters or everything afterwards.`,
  ]
}

function chooseValidation(patients: readonly number[], total: number): readonly [Validation, string] {
  const fewest = Math.min(...patients)
  if (total >= 400)
    return [
      { kind: 'holdout', validation: 0.15, test: 0.2 },
      `${total} patients are enough to set a fifth aside as a test that is opened once.`,
    ]
  const folds = Math.max(2, Math.min(5, fewest))
  return [
    { kind: 'folds', folds },
    `${folds} folds by patient: with ${total} patients every case is needed, and each is judged by a model that has not seen its patient.`,
  ]
}

const rates: Record<FinetuneMethod, number> = { probe: 1e-3, head: 1e-3, full: 3e-4, lora: 1e-3 }

function chooseEpochs(usable: number, method: FinetuneMethod, device: DeviceFacts): number {
  if (method === 'probe') return 1
  // About as many updates whether cases are few or many; a third of it without a GPU.
  const crops = device.kind === 'gpu' ? 6000 : 2000
  return Math.max(5, Math.min(60, Math.round(crops / Math.max(1, usable))))
}

/**
 * Settings with their reasons; `wanted` asks for a method instead of the recommended one. `problemsOfSettings` says what
 * is still wrong with the data.
 */
export function recommendSettings(
  data: CropSummary,
  task: FinetuneTask,
  start: KnownStart | null,
  device: DeviceFacts,
  wanted?: FinetuneMethod,
): Recommendation {
  const usable = task === 'segment' ? data.masks : data.casesByClass.reduce((sum, count) => sum + count, 0)
  const patients = task === 'segment' ? [data.maskPatients] : data.patientsByClass.filter(count => count > 0)
  const [method, whyMethod] = wanted ? [wanted, ''] : chooseMethod(task, usable, start, device)
  const [validation, whyValidation] = chooseValidation(
    patients.length > 0 ? patients : [0],
    task === 'segment' ? data.maskPatients : data.patients,
  )
  const entry = entryFor(task, data.classes, start)
  const counts = data.casesByClass.filter(count => count > 0)
  const isUneven = task !== 'segment' && Math.max(...counts) > 1.5 * Math.min(...counts)
  const batch = device.kind === 'gpu' ? 8 : 4
  const settings: FinetuneSettings = {
    ...{ task, method, entry, validation },
    start: start
      ? { name: start.manifest.name, version: start.manifest.version, identity: start.identity }
      : 'scratch',
    boxShape: boxShapeFor(entry.shape),
    labelShare: 1,
    epochs: chooseEpochs(usable, method, device),
    batch: Math.max(1, Math.min(batch, Math.floor(usable / 2))),
    accumulate: 1,
    learningRate: rates[method],
    warmupSteps: 20,
    weightDecay: 0.02,
    layerDecay: method === 'full' && start ? 0.75 : 1,
    loraRank: 4,
    balanceClasses: true,
    labelSmoothing: task === 'segment' ? 0 : 0.05,
    augment: gentle,
    patience: null,
    averaging: 0.98,
    seed: 1,
  }
  const reasons = [
    ...(wanted ? [] : [whyMethod]),
    whyValidation,
    ...(isUneven
      ? [
          `Classes count inversely to how often they occur (${counts.join(' and ')} cases), so that the rare one is heard.`,
        ]
      : []),
    ...(method === 'probe'
      ? []
      : [`${settings.epochs} passes over the cases, with small turns, shifts and noise.`]),
  ]
  return { settings, reasons }
}
