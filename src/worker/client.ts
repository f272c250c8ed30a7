// The page's side of a worker: runs tasks of a table, reports progress, cancels by message.
import { CancelledError, InputError } from '../base/errors.ts'
import type { PlainError, ReplyMessage, RequestMessage, TaskTable } from './protocol.ts'

export interface RunOptions<Progress> {
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
  readonly transfer?: Transferable[]
}

export interface TaskClient<Tasks extends TaskTable> {
  /** Rejects with `InputError`, `CancelledError` (at once when the signal is raised) or `Error`. */
  run<Name extends keyof Tasks & string>(
    task: Name,
    input: Tasks[Name]['input'],
    options?: RunOptions<Tasks[Name]['progress']>,
  ): Promise<Tasks[Name]['result']>
  /** Resolves when no job is left in the worker, cancelled ones included. */
  idle(): Promise<void>
  /** Ends the worker now, and its jobs with a `CancelledError`; the next job starts another. */
  end(): void
}

export interface ClientOptions {
  /** The worker ends with its last job, and all its memory with it. */
  readonly endsWhenIdle?: boolean
}

interface Job {
  onProgress?: (progress: unknown) => void
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

/** The part of `Worker` that a client uses. */
export interface WorkerLike {
  postMessage(message: RequestMessage, transfer: Transferable[]): void
  onmessage: ((event: MessageEvent) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
  terminate(): void
}

/** `start` makes a worker: for the first job, and again after one has stopped by an error of its own. */
export function createClient<Tasks extends TaskTable>(
  start: () => WorkerLike,
  { endsWhenIdle = false }: ClientOptions = {},
): TaskClient<Tasks> {
  let worker: WorkerLike | undefined
  const jobs = new Map<number, Job>()
  let waiting: (() => void)[] = []
  let nextJob = 1

  function finish(job: number): void {
    jobs.delete(job)
    if (jobs.size > 0) return
    if (endsWhenIdle) terminate()
    waiting.forEach(resolve => resolve())
    waiting = []
  }

  function connect(): WorkerLike {
    const made = start()
    made.onmessage = receive
    made.onerror = restart
    return made
  }

  function receive(event: MessageEvent): void {
    const reply = event.data as ReplyMessage
    const job = jobs.get(reply.job)
    if (!job) return
    if (reply.kind === 'progress') return job.onProgress?.(reply.progress)
    finish(reply.job)
    if (reply.kind === 'result') job.resolve(reply.result)
    else job.reject(fromPlainError(reply.error))
  }

  function terminate(): void {
    worker?.terminate()
    worker = undefined
  }

  function endAll(failure: Error): void {
    terminate()
    for (const [id, job] of [...jobs]) {
      job.reject(failure)
      finish(id)
    }
  }

  function restart(event: ErrorEvent): void {
    endAll(new Error(`The worker stopped: ${event.message || 'it could not be loaded'}.`))
  }

  return {
    run(task, input, options = {}) {
      const { onProgress, signal, transfer } = options
      if (signal?.aborted) return Promise.reject(new CancelledError())
      const id = nextJob++
      return new Promise((resolve, reject) => {
        jobs.set(id, { onProgress: progress => !signal?.aborted && onProgress?.(progress), resolve, reject })
        // Cancel is acknowledged here and now; the worker ends the job at its next tile, slice or step.
        signal?.addEventListener('abort', () => {
          worker?.postMessage({ kind: 'cancel', job: id }, [])
          reject(new CancelledError())
        })
        worker ??= connect()
        worker.postMessage({ kind: 'run', job: id, task, input }, transfer ?? [])
      })
    },
    end: () => endAll(new CancelledError()),
    idle: () => (jobs.size === 0 ? Promise.resolve() : new Promise(resolve => waiting.push(resolve))),
  }
}

function fromPlainError(error: PlainError): Error {
  if (error.name === 'InputError') return new InputError(error.message, error.details)
  if (error.name === 'CancelledError') return new CancelledError()
  const failure = new Error(error.message)
  failure.stack = error.details
  return failure
}
