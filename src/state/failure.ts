// A failure as it is shown: a sentence, and the log behind a Details fold.
import { CancelledError, InputError } from '../base/errors.ts'

export interface Failure {
  readonly message: string
  readonly details: string | undefined
}

/** `undefined` when somebody pressed cancel: nothing is wrong then. */
export function toFailure(error: unknown, doing: string): Failure | undefined {
  if (error instanceof CancelledError) return undefined
  if (error instanceof InputError) return { message: error.message, details: error.details }
  const known = error instanceof Error ? error : new Error(String(error))
  return {
    message: `${doing} failed for a reason this program did not foresee. Try again; if it happens again, the details say where.`,
    details: `${known.message}\n${known.stack ?? ''}`.trim(),
  }
}
