// Numbers of labelled data as the panel shows them.
import type { LabelledCase, LabelledSummary } from '../../../worker/labelledProtocol.ts'

export interface ClassShare {
  readonly name: string
  readonly count: number
  readonly indeterminate: number
}

type Labelled = Pick<LabelledSummary, 'cases' | 'classes'>

/** Cases of each class; those without a label come last, where there are any. */
export function balanceOf({ cases, classes }: Labelled): ClassShare[] {
  const share = (name: string, of: readonly LabelledCase[]): ClassShare => ({
    name,
    count: of.length,
    indeterminate: of.filter(({ isIndeterminate }) => isIndeterminate).length,
  })
  const shares = classes.map((name, label) =>
    share(
      name,
      cases.filter(one => one.label === label),
    ),
  )
  const unlabelled = cases.filter(({ label }) => label === null)
  return unlabelled.length > 0 ? [...shares, share('without a label', unlabelled)] : shares
}

/** Diameter of a sphere of this volume. */
export const diameterMm = (volumeMm3: number): number => Math.cbrt((6 * volumeMm3) / Math.PI)

/** Diameters by class, mm, of the cases whose volume is known; one list where there are no classes. */
export function diametersByClass({ cases, classes }: Labelled): number[][] {
  const of = (isIn: (one: LabelledCase) => boolean) =>
    cases.flatMap(one => (one.volumeMm3 !== null && isIn(one) ? [diameterMm(one.volumeMm3)] : []))
  return classes.length === 0 ? [of(() => true)] : classes.map((_, label) => of(one => one.label === label))
}

export const countPhrase = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`
