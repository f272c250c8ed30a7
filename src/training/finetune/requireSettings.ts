// What makes no run, in sentences: settings out of range, and cases that the task cannot be learnt from.
import { InputError } from '../../base/errors.ts'
import { requireBorder } from './augmentBox.ts'
import type { CropSetFacts } from '../labelled/cropSetFile.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import type { FinetuneSettings } from './settings.ts'

/** What is known of the cases when settings are chosen. */
export interface CropSummary {
  readonly classes: readonly string[]
  readonly cases: number
  readonly patients: number
  /** Labelled cases and their patients, by class. */
  readonly casesByClass: readonly number[]
  readonly patientsByClass: readonly number[]
  /** Cases with a mask, and their patients. */
  readonly masks: number
  readonly maskPatients: number
  readonly synthetic: boolean
}

export function summariseCrops({ classes, cases }: Pick<CropSetFacts, 'classes' | 'cases'>): CropSummary {
  const patientsOf = (picked: typeof cases) => new Set(picked.map(({ patient }) => patient)).size
  const ofClass = classes.map((_, label) => cases.filter(one => one.label === label))
  const masked = cases.filter(({ hasMask }) => hasMask)
  return {
    classes,
    cases: cases.length,
    patients: patientsOf(cases),
    casesByClass: ofClass.map(({ length }) => length),
    patientsByClass: ofClass.map(patientsOf),
    masks: masked.length,
    maskPatients: patientsOf(masked),
    synthetic: cases.every(({ synthetic }) => synthetic),
  }
}

/** Groups into which patients are divided: each needs one of every class. */
function groupsOf({ validation, patience }: FinetuneSettings): number {
  const watched = patience === null ? 0 : 1
  return validation.kind === 'folds' ? validation.folds + watched : 3
}

function dataProblems(settings: FinetuneSettings, data: CropSummary): string[] {
  const { task } = settings
  const groups = groupsOf(settings)
  if (task === 'segment') {
    if (data.masks === 0)
      return [
        'None of the cases has a mask, but a segmentation learns from masks: add X_mask files, or choose a classification.',
      ]
    return data.maskPatients < groups
      ? [
          `There are masks of ${data.maskPatients} patients, but ${groups} are needed to train and validate this way; use fewer folds, no early stopping, or add cases.`,
        ]
      : []
  }
  const present = data.casesByClass.filter(count => count > 0)
  if (data.classes.length < 2 || present.length < 2) {
    const only = data.classes[data.casesByClass.findIndex(count => count > 0)]
    return [
      `A classification needs cases of at least two classes, but ${only === undefined ? 'no case has a label' : `all labels are “${only}”`}; add cases of another class, or choose another label column.`,
    ]
  }
  return data.classes.flatMap((name, label) =>
    data.patientsByClass[label] < groups
      ? [
          `The class “${name}” has ${data.patientsByClass[label]} patient${data.patientsByClass[label] === 1 ? '' : 's'}, but each of the ${groups} parts of the validation needs one; use fewer folds, no early stopping, or add cases.`,
        ]
      : [],
  )
}

type Limit = readonly [name: string, value: number, low: number, high: number, isWhole: boolean]

function rangeProblems(settings: FinetuneSettings): string[] {
  const { validation, augment } = settings
  const limits: Limit[] = [
    ['epochs', settings.epochs, 1, 10_000, true],
    ['batch', settings.batch, 1, 256, true],
    ['accumulate', settings.accumulate, 1, 256, true],
    ['learning rate', settings.learningRate, 1e-8, 1, false],
    ['warm-up', settings.warmupSteps, 0, 1e6, true],
    ['weight decay', settings.weightDecay, 0, 1, false],
    ['layer decay', settings.layerDecay, 0.1, 1, false],
    ['rank of the adapters', settings.loraRank, 1, 256, true],
    ['label smoothing', settings.labelSmoothing, 0, 0.5, false],
    ['share of labels', settings.labelShare, 0.01, 1, false],
    ['averaging', settings.averaging, 0, 0.99999, false],
    ['seed', settings.seed, 0, 2 ** 31 - 1, true],
    ['patience', settings.patience ?? 1, 1, 10_000, true],
    ['rotation', augment.rotationDegrees, 0, 180, false],
    ['scaling', augment.scaling, 0, 0.5, false],
    ['shift', augment.shiftVoxels, 0, 64, false],
    ['HU offset', augment.huOffset, 0, 500, false],
    ['contrast', augment.contrast, 0, 0.5, false],
    ['noise', augment.noiseHu, 0, 500, false],
    ...(validation.kind === 'folds'
      ? [['number of folds', validation.folds, 2, 20, true] as const]
      : [
          ['validation share', validation.validation, 0.05, 0.6, false] as const,
          ['test share', validation.test, 0.05, 0.6, false] as const,
        ]),
  ]
  return limits.flatMap(([name, value, low, high, isWhole]) =>
    Number.isFinite(value) && value >= low && value <= high && (!isWhole || Number.isInteger(value))
      ? []
      : [
          `The ${name} is ${value}; ${isWhole ? 'a whole number' : 'a number'} from ${low} to ${high} is expected.`,
        ],
  )
}

function methodProblems({ task, method, start, entry }: FinetuneSettings): string[] {
  const problems: string[] = []
  if (task === 'segment' && method === 'probe')
    problems.push(
      'A linear probe reads one class of a whole crop; to segment, choose decoder only, adapters or everything.',
    )
  if (start === 'scratch' && method !== 'full')
    problems.push(
      `From scratch there is nothing worth keeping, so that only everything can be trained, not ‘${method}’; choose a start model, or train everything.`,
    )
  if (task === 'segment' && entry.shape.some(side => side % 32 !== 0))
    problems.push(
      `The crop of ${entry.shape.join(' × ')} voxels has a side that is no multiple of 32, which a segmentation needs.`,
    )
  return problems
}

/** Everything that is wrong, in sentences; empty when the run can begin. */
export function problemsOfSettings(settings: FinetuneSettings, data: CropSummary): string[] {
  const { task, entry } = settings
  const wanted = task === 'segment' ? entry.config.seg_classes : entry.config.n_classes
  const classes = task === 'segment' ? 2 : data.classes.length
  const fits =
    wanted === classes && entry.labels.length === classes
      ? []
      : [
          `The network is made for ${wanted} classes (${entry.labels.join(', ')}), but the data has ${classes}; choose the settings again for this data.`,
        ]
  return [...dataProblems(settings, data), ...methodProblems(settings), ...rangeProblems(settings), ...fits]
}

/** @throws InputError with the first problem. */
export function requireFinetuneSettings(settings: FinetuneSettings, data: CropSummary): void {
  const [problem] = problemsOfSettings(settings, data)
  if (problem !== undefined) throw new InputError(problem)
}

/** @throws InputError when the boxes are not what the network's crops are cut from. */
export function requireBoxes({ entry, boxShape }: FinetuneSettings, crops: CropSet): void {
  if (crops.spacingMm.some((mm, axis) => Math.abs(mm - entry.spacingMm[axis]) > 1e-6))
    throw new InputError(
      `The boxes were cut at ${crops.spacingMm.join(' × ')} mm, but the network takes ${entry.spacingMm.join(' × ')} mm; cut the crops again.`,
    )
  if (boxShape.join() !== crops.shape.join())
    throw new InputError(
      `The boxes have ${crops.shape.join(' × ')} voxels, but the settings say ${boxShape.join(' × ')}; cut the crops again.`,
    )
  requireBorder(crops.shape, entry.shape)
}
