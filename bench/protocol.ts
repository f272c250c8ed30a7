// What the command asks of the process or page that measures, and what comes back while it does. Plain data: it crosses
// process borders as JSON.
import type { Scale } from './cases/case.ts'
import type { ProfileRow } from '../src/graph/webgpu/profileTable.ts'
import type { Work } from './measure/countWork.ts'

export interface Settings {
  readonly level: Scale['level']
  readonly rounds: number
  /** An entrant that has used this much takes part in no further round. */
  readonly budgetMs: number
  /** Also where the time of ours goes, program by program. */
  readonly isProfiled: boolean
}

export interface Job {
  readonly settings: Settings
  /** Part of the names of the cases to run; all when empty. */
  readonly only: string
  /** Parts of the names of the entrants to run, parted by |; all when empty. */
  readonly entrants: string
  /** Cases that have been measured already, before a crash. */
  readonly done: readonly string[]
  /** Case → entrant → why it must not be tried again. */
  readonly skip: Readonly<Record<string, Readonly<Record<string, Skip>>>>
}

/** Why something was not measured. */
export interface Skip {
  readonly notRun: string
  /** Its first run was stopped after this time: it takes at least so long. */
  readonly atLeastMilliseconds?: number
}

/** Whether a name contains one of the parts of a choice such as "conv3d|linear"; an empty choice takes all. */
export function isChosen(choice: string, name: string): boolean {
  return choice.split('|').some(part => name.includes(part))
}

/** Where things were measured. */
export interface Place {
  readonly kind: 'node' | 'page'
  /** Adapter and runtime, for people. */
  readonly label: string
  /** The adapter alone: names the results' file. */
  readonly adapter: string
  readonly isSoftware: boolean
  readonly processor: string
  /** Copying from buffer to buffer, read and written bytes, GB/s; undefined when it was not measured. */
  readonly copyGBs?: number
  /** The best square matrix product of any entrant, GFLOP/s. */
  readonly gemmGflops?: number
  readonly gemmBy?: string
}

export interface Timing {
  readonly entrant: string
  readonly milliseconds: number
  readonly spread: number
  readonly rounds: number
  /** Until the last submit. */
  readonly jsMilliseconds?: number
  readonly dispatches?: number
  /** Growth of live buffers from before its preparation to its largest moment. */
  readonly gpuBytes?: number
  /** From nothing to the first result: compiling, uploading, one run, reading back. */
  readonly firstMilliseconds: number
  /** Its programs' times, the longest first. */
  readonly profile?: readonly ProfileRow[]
  readonly difference: number
  readonly note?: string
}

export interface NotRun extends Skip {
  readonly entrant: string
}

export interface CaseResult {
  readonly place: Place['kind']
  readonly name: string
  readonly work: Work
  /** Whose results the differences are from. */
  readonly reference?: string
  readonly entrants: readonly (Timing | NotRun)[]
}

/** How one plan's time grows with the number of tiles and with their side. */
export interface Growth {
  readonly title: string
  readonly points: readonly {
    readonly label: string
    readonly milliseconds: number
    readonly perUnit: number
    readonly gpuBytes?: number
  }[]
}

export type BenchEvent =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'cases'; readonly names: readonly string[] }
  /** Something that may crash or hang begins. */
  | { readonly kind: 'attempt'; readonly name: string; readonly entrant: string }
  | { readonly kind: 'result'; readonly result: CaseResult }
  | { readonly kind: 'growth'; readonly name: string; readonly growth: Growth }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'end' }

export function isTiming(row: Timing | NotRun): row is Timing {
  return 'milliseconds' in row
}
