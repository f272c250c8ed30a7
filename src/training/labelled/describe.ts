// A cohort in numbers, as plain data for a panel or a command, and what stands in the way of training on it.
import type { Triple } from '../../base/shape.ts'
import type { FinetuneTask } from '../finetune/settings.ts'
import type { LabelledCase, LabelledCohort, LabelTableInfo, LeftOut } from './cohort.ts'
import { equivalentDiameterMm } from './lesion.ts'

export interface ClassCount {
  readonly name: string
  readonly cases: number
  readonly patients: number
  /** Among the cases: those that the reader could not decide. */
  readonly indeterminate: number
}

export interface SizeBin {
  /** Equivalent diameter, mm: from (included) and to (excluded; null for no end). */
  readonly fromMm: number
  readonly toMm: number | null
  /** Cases of each class, in the cohort's order. */
  readonly byClass: readonly number[]
  readonly unlabelled: number
}

export interface CohortDescription {
  readonly cases: number
  readonly patients: number
  readonly withMask: number
  readonly synthetic: number
  readonly classes: readonly ClassCount[]
  readonly unlabelled: number
  readonly indeterminate: number
  /** Bins that hold cases, and those between them. */
  readonly sizes: readonly SizeBin[]
  readonly withoutSize: number
  /** Of the images, each axis (D,H,W) by itself. */
  readonly spacingMm: { readonly smallest: Triple; readonly largest: Triple }
  readonly splits: readonly { readonly name: string; readonly cases: number; readonly patients: number }[]
  readonly table: LabelTableInfo | null
  readonly leftOut: readonly LeftOut[]
  readonly notices: readonly string[]
}

const binEdgesMm = [0, 3, 4, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 100]

export function describeCohort({
  cases,
  classes,
  leftOut,
  notices,
  table,
}: LabelledCohort): CohortDescription {
  const splits = [...new Set(cases.flatMap(({ split }) => split ?? []))].sort()
  return {
    cases: cases.length,
    patients: countPatients(cases),
    withMask: cases.filter(({ hasMask }) => hasMask).length,
    synthetic: cases.filter(({ synthetic }) => synthetic).length,
    classes: classes.map((name, label) => {
      const own = cases.filter(one => one.label === label)
      const indeterminate = own.filter(({ isIndeterminate }) => isIndeterminate).length
      return { name, cases: own.length, patients: countPatients(own), indeterminate }
    }),
    unlabelled: cases.filter(({ label }) => label === null).length,
    indeterminate: cases.filter(({ isIndeterminate }) => isIndeterminate).length,
    sizes: sizeBins(cases, classes.length),
    withoutSize: cases.filter(({ volumeMm3 }) => volumeMm3 === null).length,
    spacingMm: { smallest: spacing(cases, Math.min), largest: spacing(cases, Math.max) },
    splits: splits.map(name => {
      const own = cases.filter(({ split }) => split === name)
      return { name, cases: own.length, patients: countPatients(own) }
    }),
    table: table ?? null,
    leftOut,
    notices,
  }
}

function countPatients(cases: readonly LabelledCase[]): number {
  return new Set(cases.map(({ patient }) => patient)).size
}

function spacing(cases: readonly LabelledCase[], choose: (...values: number[]) => number): Triple {
  const along = (axis: number) => choose(...cases.map(({ grid }) => grid.spacingMm[axis]))
  return [along(0), along(1), along(2)]
}

function sizeBins(cases: readonly LabelledCase[], classCount: number): SizeBin[] {
  const measured = cases.flatMap(({ volumeMm3, label }) =>
    volumeMm3 === null ? [] : [{ label, diameterMm: equivalentDiameterMm(volumeMm3) }],
  )
  const bins = binEdgesMm.map((fromMm, at): SizeBin => {
    const toMm = binEdgesMm[at + 1] ?? null
    const own = measured.filter(({ diameterMm }) => diameterMm >= fromMm && diameterMm < (toMm ?? Infinity))
    return {
      fromMm,
      toMm,
      byClass: Array.from(
        { length: classCount },
        (_, label) => own.filter(one => one.label === label).length,
      ),
      unlabelled: own.filter(one => one.label === null).length,
    }
  })
  const isUsed = ({ byClass, unlabelled }: SizeBin) => unlabelled > 0 || byClass.some(count => count > 0)
  return bins.slice(bins.findIndex(isUsed), bins.findLastIndex(isUsed) + 1)
}

/** Below this nothing can be learnt and judged on patients apart. */
const fewestPatients = 3
/** Of each class: one to learn from, one to be judged on. */
const fewestPatientsOfClass = 2

/** Sentences that say why the cohort cannot be trained on for a task; none where it can. */
export function problemsOf({ cases, classes }: LabelledCohort, task: FinetuneTask): readonly string[] {
  if (task === 'segment') {
    const masked = cases.filter(({ hasMask }) => hasMask)
    if (masked.length === 0)
      return [
        'No case has a mask, and segmentation learns from masks: add X_mask.nii.gz beside X.nii.gz, a DICOM SEG or an RTSTRUCT.',
      ]
    return tooFew(masked, 'with a mask')
  }
  const labelled = cases.filter(({ label }) => label !== null)
  if (labelled.length === 0)
    return [
      'No case has a label, and classification learns from labels: add a table with the columns id and label.',
    ]
  const counts = classes.map((name, label) => ({
    name,
    patients: countPatients(labelled.filter(one => one.label === label)),
  }))
  const present = counts.filter(({ patients }) => patients > 0)
  if (present.length < 2)
    return [
      `All ${labelled.length} labelled cases are of one class (“${present[0].name}”); at least two classes are expected. Add cases of another class, or choose another column as label.`,
    ]
  const rare = present.filter(({ patients }) => patients < fewestPatientsOfClass)
  return [
    ...tooFew(labelled, 'with a label'),
    ...rare.map(
      ({ name }) =>
        `The class “${name}” has one patient only; at least ${fewestPatientsOfClass} are expected, one to learn from and one to be judged on. Add cases, or join it with another class.`,
    ),
  ]
}

function tooFew(cases: readonly LabelledCase[], which: string): string[] {
  const patients = countPatients(cases)
  if (patients >= fewestPatients) return []
  const few = cases.length === 1 ? 'There is one case' : `There are ${cases.length} cases`
  return [
    `${few} ${which}, of ${patients === 1 ? 'one patient' : `${patients} patients`}; at least ${fewestPatients} patients are expected, so that some can be kept apart to judge the model. Add cases.`,
  ]
}
