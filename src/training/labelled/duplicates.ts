// The same scan under two names: a copy is left out; two lesions of one scan that was stored twice are one patient's.
import type { LeftOut } from './cohort.ts'
import type { PlacedCase } from './scanCases.ts'

/** By content: equal for copies. */
export interface Identity {
  readonly scan: string
  /** '' where the case has no mask. */
  readonly lesion: string
}

export interface WithoutDuplicates {
  readonly cases: readonly PlacedCase[]
  readonly leftOut: readonly LeftOut[]
  readonly notices: readonly string[]
}

/** `identities` of the cases, in their order. Copies whose labels disagree are both left out: nobody can say which is right. */
export function dropDuplicates(
  cases: readonly PlacedCase[],
  identities: readonly Identity[],
): WithoutDuplicates {
  const leftOut: LeftOut[] = []
  const notices: string[] = []
  const dropped = new Set<PlacedCase>()
  const isCopy = (a: number, b: number) =>
    cases[a].scan !== cases[b].scan && // two lesions of one scan are no copies of each other
    identities[a].scan === identities[b].scan &&
    identities[a].lesion === identities[b].lesion &&
    Math.hypot(...cases[a].centreRasMm.map((mm, axis) => mm - cases[b].centreRasMm[axis])) < 0.5
  cases.forEach((one, at) => {
    const first = cases.find((other, before) => before < at && !dropped.has(other) && isCopy(before, at))
    if (first && first.label === one.label) {
      dropped.add(one)
      notices.push(`${one.id} is a copy of ${first.id} (same scan, same lesion) and was left out.`)
    } else if (first) {
      dropped.add(one).add(first)
      const why = `${first.id} and ${one.id} are the same scan and lesion, but their labels disagree; both were left out. Correct one of them.`
      leftOut.push({ id: first.id, why }, { id: one.id, why })
    }
  })
  const same = samePatients(cases, identities)
  const kept = cases.filter(one => !dropped.has(one)).map(one => ({ ...one, patient: same(one.patient) }))
  const joined = kept.filter(
    one => !cases.some(({ patient, id }) => id === one.id && patient === one.patient),
  )
  for (const one of joined)
    notices.push(`${one.id} shows the same scan as a case of ${one.patient}: they count as one patient.`)
  return { cases: kept, leftOut, notices }
}

/** Patients of whom the same scan was found are one; the name that came first stands for all. */
function samePatients(
  cases: readonly PlacedCase[],
  identities: readonly Identity[],
): (patient: string) => string {
  const alias = new Map<string, string>()
  const resolve = (patient: string): string => {
    const next = alias.get(patient)
    return next === undefined ? patient : resolve(next)
  }
  const owner = new Map<string, string>()
  cases.forEach(({ patient }, at) => {
    const known = owner.get(identities[at].scan)
    if (known === undefined) owner.set(identities[at].scan, patient)
    else if (resolve(known) !== resolve(patient)) alias.set(resolve(patient), resolve(known))
  })
  return resolve
}
