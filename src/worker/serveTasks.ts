// The worker's side: dispatch only. Runs a table of handlers, reports, and turns a cancel message into an abort signal.
import { CancelledError, DeviceMemoryError, InputError } from '../base/errors.ts'
import type { PlainError, ReplyMessage, RequestMessage, TaskTable } from './protocol.ts'

export interface JobContext<Progress> {
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
}

export type Handlers<Tasks extends TaskTable> = {
  [Name in keyof Tasks]: (
    input: Tasks[Name]['input'],
    context: JobContext<Tasks[Name]['progress']>,
  ) => Promise<{ result: Tasks[Name]['result']; transfer?: Transferable[] }>
}

/** What a worker's global scope offers, as far as it is used here; tests pass a message port. */
export interface MessageScope {
  postMessage(message: ReplyMessage, transfer: Transferable[]): void
  addEventListener(type: 'message', listener: (event: MessageEvent<RequestMessage>) => void): void
}

export function serveTasks<Tasks extends TaskTable>(scope: MessageScope, handlers: Handlers<Tasks>): void {
  const running = new Map<number, AbortController>()

  async function run(job: number, task: string, input: unknown): Promise<void> {
    const controller = new AbortController()
    running.set(job, controller)
    try {
      const handler = (handlers as Handlers<TaskTable>)[task]
      if (!handler) throw new Error(`This worker knows no task named '${task}'.`)
      const { result, transfer } = await handler(input, {
        signal: controller.signal,
        report: progress => scope.postMessage({ kind: 'progress', job, progress }, []),
      })
      if (controller.signal.aborted) throw new CancelledError()
      scope.postMessage({ kind: 'result', job, result }, transfer ?? [])
    } catch (error) {
      scope.postMessage({ kind: 'error', job, error: toPlainError(error) }, [])
    } finally {
      running.delete(job)
    }
  }

  scope.addEventListener('message', event => {
    const message = event.data
    if (message.kind === 'cancel') running.get(message.job)?.abort()
    else if (message.kind === 'run') void run(message.job, message.task, message.input)
  })
}

function toPlainError(error: unknown): PlainError {
  if (error instanceof InputError) return { name: error.name, message: error.message, details: error.details }
  // What does not fit is the user's to choose otherwise, as a wrong input is.
  if (error instanceof DeviceMemoryError)
    return { name: 'InputError', message: error.message, details: error.stack }
  if (error instanceof CancelledError) return { name: error.name, message: error.message, details: undefined }
  const known = error instanceof Error ? error : new Error(String(error))
  return { name: known.name, message: known.message, details: known.stack }
}
