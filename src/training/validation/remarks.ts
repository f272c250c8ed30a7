// What a reader of a report must be told: figures that are missing and why, and intervals that promise too much.
import { plural } from './compare.ts'
import type { ClassSet, Compared, MaskFigures } from './report.ts'
import { leastPatients } from './resampling.ts'
import type { ScoredClass } from './scored.ts'

/** Fewer patients than this: percentile intervals are known to come out too narrow. */
const comfortablePatients = 20

function generalRemarks(cases: number, patients: number, leftOut: string | undefined, compared: Compared) {
  const remarks: string[] = compared.seen ? [compared.seen] : []
  if (leftOut) remarks.push(leftOut)
  if (cases === 0) remarks.push('No case could be judged, so there are no figures.')
  else if (patients < leastPatients)
    remarks.push(
      `${plural(patients, 'patient')} in the judged part: intervals need at least ${leastPatients}, so none are given and nothing can be claimed.`,
    )
  else if (patients < comfortablePatients)
    remarks.push(`Intervals over ${patients} patients are rough and rather too narrow.`)
  if (compared.synthetic)
    remarks.push('Synthetic data: the figures say nothing of how the model does on patients.')
  return remarks
}

export function classRemarks(
  cases: readonly ScoredClass[],
  leftOut: number,
  classes: readonly string[],
  compared: Compared,
  sets: readonly ClassSet[],
): string[] {
  const [all] = sets
  const remarks = generalRemarks(
    cases.length,
    all.patients,
    leftOut > 0
      ? `${plural(leftOut, 'case')} left out: the label or the probabilities are not those of ${classes.length} classes (a model that gives no number has diverged).`
      : undefined,
    compared,
  )
  if (cases.length === 0) return remarks
  const missing = classes.filter((_, index) => all.casesByClass[index] === 0)
  if (missing.length > 0)
    remarks.push(
      `No judged case is “${missing.join('”, “')}”: AUC, balanced accuracy and what depends on them have no value. Judge cases of every class.`,
    )
  return [...remarks, ...perfectRemarks(all), ...missingRivals(cases, classes, compared, all)]
}

/** Resampling cannot see beyond cases that are all ranked rightly. */
function perfectRemarks({ after, patients }: ClassSet): string[] {
  if (!after.auc || patients < leastPatients) return []
  const [low, high] = after.auc.interval ?? [0, 1]
  return low === high
    ? [
        'All drawn samples have the same AUC: the bootstrap interval is a point and too narrow to be believed.',
      ]
    : []
}

function missingRivals(
  cases: readonly ScoredClass[],
  classes: readonly string[],
  compared: Compared,
  { before, size }: ClassSet,
): string[] {
  const remarks: string[] = []
  const answered = cases.filter(one => one.before !== null).length
  if (compared.before !== null && !before)
    remarks.push(
      answered === 0
        ? `${compared.before} does not know these classes, so there is no comparison with it.`
        : `${compared.before} answered for ${answered} of ${plural(cases.length, 'case')}, so there is no comparison with it.`,
    )
  if (classes.length !== 2) return remarks
  const unmeasured = cases.filter(({ volumeMm3 }) => !Number.isFinite(volumeMm3 ?? NaN)).length
  if (unmeasured > 0)
    remarks.push(
      `The volume of ${plural(unmeasured, 'case')} is not known, so there is no comparison with size alone.`,
    )
  if (size?.auc && size.auc.value < 0.5)
    remarks.push(
      `Larger lesions are less often “${classes[1]}” here: size alone read the other way has an AUC of ${(1 - size.auc.value).toFixed(3)}.`,
    )
  return remarks
}

export function maskRemarks(
  cases: number,
  patients: number,
  leftOut: number,
  compared: Compared,
  after: MaskFigures,
  hasBefore: boolean,
): string[] {
  const remarks = generalRemarks(
    cases,
    patients,
    leftOut > 0 ? `${plural(leftOut, 'case')} left out: the Dice is not a number.` : undefined,
    compared,
  )
  if (after.withoutSurface > 0)
    remarks.push(
      `${plural(after.withoutSurface, 'case')} without a predicted or a true voxel: no surface distance there, so the mean distance leaves out what may be the worst cases. Read it with Dice.`,
    )
  if (cases > 0 && compared.before !== null && !hasBefore)
    remarks.push(`${compared.before} has no mask for every case, so there is no comparison with it.`)
  return remarks
}
