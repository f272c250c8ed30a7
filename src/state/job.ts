// Where a piece of work in a worker stands, as the page shows it.
import type { TimedProgress } from './timeLeft.ts'
import type { Failure } from './failure.ts'

/** `Done`: what is known of the result; its large arrays are held elsewhere. */
export type Job<Done extends object> =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly progress: TimedProgress }
  | ({ readonly kind: 'done' } & Done)
  | { readonly kind: 'failed'; readonly failure: Failure }
