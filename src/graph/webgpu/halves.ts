// Which values of a plan are stored as halves: activations that are written by whole lanes and constants in range. What
// goes in and out, what is kept between runs, and running results stay in single precision.
import { constantData } from '../graph.ts'
import type { GraphFacts } from './graphFacts.ts'
import type { Lowered } from './lower.ts'
import type { Drawing } from './planSteps.ts'
import { reasonAgainstHalves } from './storedStep.ts'

/** The largest finite half. */
const largestHalf = 65504
/** Places are multiples of 256 bytes: what takes one of them anyway gains nothing. */
const fewestElements = 65

export interface Halves {
  /** Owners of the values. */
  readonly owners: ReadonlySet<number>
  /** Why others stay in single precision: owner → reason. */
  readonly reasons: ReadonlyMap<number, string>
}

export const noHalves: Halves = { owners: new Set(), reasons: new Map() }

/** What the value itself has against it. */
function reasonOf(owner: number, facts: GraphFacts, kept: ReadonlySet<number>): string | undefined {
  const { constants, values } = facts.graph
  if (facts.dtype(owner) !== 'float32') return 'it holds whole numbers'
  if (kept.has(owner)) return 'it goes in, comes out or stays'
  if (facts.size(owner) < fewestElements) return 'it is small'
  const constant = constants.get(owner)
  const isInRange =
    !constant || constantData(constant, values[owner]).every(value => Math.abs(value) <= largestHalf)
  return isInRange ? undefined : 'it holds a number beyond a half’s range'
}

/** Reasons by text and binding: programs repeat. */
function rememberedReasons(): (code: string, binding: number) => string | undefined {
  const known = new Map<string, Map<number, string | undefined>>()
  return (code, binding) => {
    const ofCode = known.get(code) ?? new Map<number, string | undefined>()
    known.set(code, ofCode)
    if (!ofCode.has(binding)) ofCode.set(binding, reasonAgainstHalves(code, binding))
    return ofCode.get(binding)
  }
}

export function chooseHalves({ facts, tasks }: Lowered, { steps, holders }: Drawing): Halves {
  const { inputs, outputs } = facts.graph
  const kept = new Set([
    ...[...Object.values(inputs), ...Object.values(outputs)].map(id => facts.owner(id)),
    ...tasks.flatMap(task => [...task.replaces].flat()),
  ])
  const owners = new Set<number>()
  const reasons = new Map<number, string>()
  const reasonInProgram = rememberedReasons()
  for (const { step } of steps)
    for (const [binding, { buffer }] of Object.entries(step.buffers)) {
      const holder = holders.get(buffer)!
      if (!('owner' in holder) || reasons.has(holder.owner)) continue
      const { owner } = holder
      const own = owners.has(owner) ? undefined : reasonOf(owner, facts, kept)
      const reason = own ?? reasonInProgram(step.code, Number(binding))
      if (reason === undefined) {
        owners.add(owner)
        continue
      }
      owners.delete(owner)
      reasons.set(owner, reason)
    }
  return { owners, reasons }
}
