// A patient on both sides of a split spoils it: the model would be judged on someone it has learnt from.
import { InputError } from '../../base/errors.ts'
import type { LabelTableInfo } from './cohort.ts'

interface Sided {
  readonly patient: string
  readonly split?: string | null
}

/** @throws InputError when cases of one patient stand in different parts of the split. */
export function refuseSplitPatients(cases: readonly Sided[], { file, chosen }: LabelTableInfo): void {
  const sides = new Map<string, Set<string>>()
  for (const { patient, split } of cases)
    if (split) sides.set(patient, (sides.get(patient) ?? new Set<string>()).add(split))
  const both = [...sides].filter(([, splits]) => splits.size > 1)
  if (both.length === 0) return
  const [name, splits] = both[0]
  const others = both.length > 1 ? ` (and ${both.length - 1} more)` : ''
  throw new InputError(
    `Patient ${name}${others} is on more than one side of the split: the column “${chosen.split}” of ${file} says ${[...splits].map(one => `“${one}”`).join(' and ')}. A model would be judged on a patient that it has learnt from; put all rows of a patient on one side.`,
  )
}
