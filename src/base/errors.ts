// Errors that reach a person. Everything else is a programming error and keeps its stack.

/** Bad input: `message` is a sentence that says what came, what is expected and what to do. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly details: string | undefined

  constructor(message: string, details?: string) {
    super(message)
    this.details = details
  }
}

/** A device cannot hold what a computation needs; smaller tiles or fewer samples may fit. */
export class DeviceMemoryError extends Error {
  override readonly name = 'DeviceMemoryError'
}

/** Somebody pressed cancel; nothing is wrong. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'

  constructor(what = 'The work') {
    super(`${what} was cancelled.`)
  }
}

/** Throws `CancelledError` when the signal has been raised; called between tiles, steps and slices. */
export function throwIfCancelled(signal: AbortSignal | undefined, what?: string): void {
  if (signal?.aborted) throw new CancelledError(what)
}
