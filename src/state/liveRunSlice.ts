// The run that goes on in the training worker: how far it is, what it says, and what the reader may do with it. It goes on
// in every mode of the page.
import type { RunOptions } from '../worker/client.ts'
import type { PickedFile, StageProgress } from '../worker/protocol.ts'
import type { PretrainData, RunEvent, RunKind, RunOutcome, RunRow } from '../worker/trainProtocol.ts'
import { cutAgain } from './cutAgain.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { isOutlines } from './finetuneExamples.ts'
import type { Services, SliceOf, Workbench } from './store.ts'

export interface GoingRun {
  readonly kind: 'going'
  readonly id: string
  readonly runKind: RunKind
  readonly title: string
  /** A wish is heard between two updates: until then it is on its way. */
  readonly status: 'running' | 'pausing' | 'paused' | 'stopping'
  readonly rows: readonly RunRow[]
  /** Updates of the whole run. */
  readonly steps: number
  /** Updates that are safe whatever happens. */
  readonly savedSteps: number
  /** Where it is computed. */
  readonly label: string
}

export type LiveRun =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'preparing'
      /** Null until it stands in the library. */
      readonly id: string | null
      readonly runKind: RunKind
      readonly title: string
      readonly progress: StageProgress
    }
  | GoingRun
  | { readonly kind: 'ended'; readonly id: string; readonly title: string; readonly end: RunOutcome['end'] }
  | {
      readonly kind: 'failed'
      readonly id: string | null
      readonly title: string
      readonly failure: Failure
    }

export interface LiveRunSlice {
  readonly liveRun: LiveRun
  /** Sentences about the live run, oldest first. */
  readonly runNotices: readonly string[]
  /** What is wrong with the live run by its last updates. */
  readonly runWarnings: readonly string[]
  /** The last message of the run's kind, as plain data. */
  readonly runMessage: unknown
  /** Starts a run of any kind and follows it to its end; nothing happens while another one goes on. */
  followRun(
    title: string,
    runKind: RunKind,
    start: (options: RunOptions<RunEvent>) => Promise<RunOutcome>,
  ): Promise<void>
  /** `files`: where the run's volumes may be found. */
  continueRun(id: string, files?: readonly PickedFile[]): Promise<void>
  pauseRun(): void
  resumeRun(): void
  /** It saves and ends; while it is prepared, it ends at once. */
  stopRun(): void
  /** The page is hidden or left: what was computed so far is saved. */
  saveRun(): void
  dismissRun(): void
}

/** Updates that the rows reach to: a part of a run that ended early skips some. */
export const updatesMade = (rows: readonly RunRow[]): number => (rows.at(-1)?.step ?? -1) + 1

export const isLive = ({ liveRun }: Pick<Workbench, 'liveRun'>): boolean =>
  liveRun.kind === 'preparing' || liveRun.kind === 'going'

type Api = Parameters<ReturnType<SliceOf<LiveRunSlice>>>
type Heard<Kind extends RunEvent['kind']> = Extract<RunEvent, { kind: Kind }>

/** What each event changes. */
function createListener({ held }: Services, set: Api[0], get: Api[1]) {
  const whileGoing = (change: (run: GoingRun) => Partial<GoingRun>) => {
    const { liveRun } = get()
    if (liveRun.kind === 'going') set({ liveRun: { ...liveRun, ...change(liveRun) } })
  }
  const begin = ({ rows, steps, label }: Heard<'started'>) => {
    const { liveRun } = get()
    if (liveRun.kind !== 'preparing' || liveRun.id === null) return
    const { id, runKind, title } = liveRun
    const savedSteps = updatesMade(rows)
    set({
      liveRun: { kind: 'going', id, runKind, title, status: 'running', rows, steps, savedSteps, label },
    })
    void get().refreshRuns()
    const { shownRun } = get()
    if ('id' in shownRun && shownRun.id === id) void get().showRun(id)
  }
  return (event: RunEvent): void => {
    const { liveRun } = get()
    if (event.kind === 'stage') {
      if (liveRun.kind === 'preparing') set({ liveRun: { ...liveRun, progress: event } })
    } else if (event.kind === 'created') {
      if (liveRun.kind !== 'preparing') return
      const { id, runKind } = event
      // From now on this run is looked at, not the one before it.
      set({ liveRun: { ...liveRun, id, runKind }, shownRun: { kind: 'reading', id }, trainStage: 'run' })
      void get().refreshRuns()
    } else if (event.kind === 'started') begin(event)
    else if (event.kind === 'rows') whileGoing(({ rows }) => ({ rows: [...rows, ...event.rows] }))
    else if (event.kind === 'saved') whileGoing(() => ({ savedSteps: event.step }))
    else if (event.kind === 'paused')
      whileGoing(({ status }) => (status === 'pausing' ? { status: 'paused' } : {}))
    else if (event.kind === 'notice') set({ runNotices: [...get().runNotices, event.text] })
    else if (event.kind === 'warnings') set({ runWarnings: event.warnings })
    else if (isOutlines(event.message)) {
      if (liveRun.kind === 'going') held.training.holdOutlines(liveRun.id, event.message.outlines)
    } else set({ runMessage: event.message })
  }
}

/** The scan that is open may be one of the run's volumes. */
function openVolume({ held }: Services, { openCase }: Workbench): PretrainData[] {
  const scan = openCase && held.scan(openCase.id)
  return scan ? [{ kind: 'volume', volume: scan.series.volume, synthetic: scan.series.synthetic }] : []
}

const starting: StageProgress = { stage: 'Starting', done: 0, total: 1 }

export const createLiveRunSlice: SliceOf<LiveRunSlice> = services => (set, get) => {
  const { train } = services.workers
  const listen = createListener(services, set, get)
  let controller = new AbortController()
  const idOf = (run: LiveRun) => ('id' in run ? run.id : null)
  const tell = (action: 'pause' | 'resume' | 'stop' | 'save') => void train.run('controlRun', { action })
  const setStatus = (status: GoingRun['status']) => {
    const { liveRun } = get()
    if (liveRun.kind === 'going') set({ liveRun: { ...liveRun, status } })
  }

  /** A browser takes a moment to see that the worker's lock has fallen with its run. */
  const listEnded = async () => {
    const id = idOf(get().liveRun)
    for (let tries = 0; tries < 5; tries++) {
      if (tries > 0) await new Promise(resolve => setTimeout(resolve, 200))
      await get().refreshRuns()
      if (isLive(get()) || !get().runs.some(run => run.id === id && run.isBeingWritten)) return
    }
  }

  return {
    liveRun: { kind: 'none' },
    runNotices: [],
    runWarnings: [],
    runMessage: null,

    async followRun(title, runKind, start) {
      if (isLive(get())) return
      controller = new AbortController()
      const { signal } = controller
      set({
        liveRun: { kind: 'preparing', id: null, runKind, title, progress: starting },
        ...{ runNotices: [], runWarnings: [], runMessage: null },
      })
      try {
        const { id, end } = await start({ signal, onProgress: listen })
        set({ liveRun: { kind: 'ended', id, title, end } })
      } catch (error) {
        const id = idOf(get().liveRun)
        const failure = toFailure(error, 'This run')
        set({ liveRun: failure ? { kind: 'failed', id, title, failure } : { kind: 'none' } })
      }
      const ended = get().liveRun
      await listEnded()
      if ('id' in ended && ended.id !== null) await get().showRun(ended.id)
    },

    continueRun(id, files = []) {
      const summary = get().runs.find(run => run.id === id)
      if (!summary) return Promise.resolve()
      const data: PretrainData[] = [
        ...openVolume(services, get()),
        ...(files.length > 0 ? [{ kind: 'files' as const, files }] : []),
      ]
      const start = async (options: RunOptions<RunEvent>) => {
        const crops = await cutAgain(services, get(), summary, options)
        return train.run('continueRun', { id, data, crops }, options)
      }
      return get().followRun(summary.title, summary.kind, start)
    },

    pauseRun() {
      setStatus('pausing')
      tell('pause')
    },

    resumeRun() {
      setStatus('running')
      tell('resume')
    },

    stopRun() {
      const { liveRun } = get()
      if (liveRun.kind === 'preparing') {
        controller.abort()
        // Compiling hears no message; what was saved is safe.
        train.end()
      } else if (liveRun.kind === 'going') {
        setStatus('stopping')
        tell('stop')
      }
    },

    saveRun() {
      const { liveRun } = get()
      if (liveRun.kind === 'going' && liveRun.status === 'running') tell('save')
    },

    dismissRun() {
      if (!isLive(get())) set({ liveRun: { kind: 'none' }, runNotices: [], runWarnings: [] })
    },
  }
}
