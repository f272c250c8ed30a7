// Several cohorts as one: findings of one scan after another, a folder and the open case.
import { InputError } from '../../base/errors.ts'
import type { LabelledCohort } from './cohort.ts'

/**
 * Cases in the order of their cohorts; classes of one name are one. Patients of one name are one.
 * @throws InputError when there is no cohort.
 */
export function joinCohorts(cohorts: readonly LabelledCohort[]): LabelledCohort {
  if (cohorts.length === 0) throw new InputError('There are no cases yet; open some, or accept findings.')
  if (cohorts.length === 1) return cohorts[0]
  const classes = [...new Set(cohorts.flatMap(cohort => cohort.classes))]
  const places = cohorts.flatMap(cohort => cohort.cases.map((_, index) => ({ cohort, index })))
  const table = cohorts.find(cohort => cohort.table)?.table
  return {
    classes,
    cases: places.map(({ cohort, index }) => {
      const one = cohort.cases[index]
      return { ...one, label: one.label === null ? null : classes.indexOf(cohort.classes[one.label]) }
    }),
    leftOut: cohorts.flatMap(cohort => cohort.leftOut),
    notices: cohorts.flatMap(cohort => cohort.notices),
    ...(table ? { table } : {}),
    open(at) {
      const { cohort, index } = places[at]
      return cohort.open(index)
    },
    release: () => cohorts.forEach(cohort => cohort.release()),
  }
}
