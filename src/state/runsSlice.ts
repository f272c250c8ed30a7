// The runs of this browser: the list, the one that is looked at, one beside it, and what is done with them.
import { takeBackMs, type RunDetails, type RunSummary, type StorageState } from '../worker/trainProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { isLive } from './liveRunSlice.ts'
import type { SliceOf, Workbench } from './store.ts'

export type ShownRun =
  | { readonly kind: 'none' }
  | { readonly kind: 'reading'; readonly id: string }
  | { readonly kind: 'shown'; readonly id: string; readonly details: RunDetails }
  | { readonly kind: 'failed'; readonly id: string; readonly failure: Failure }

export interface RunsSlice {
  readonly runs: readonly RunSummary[]
  /** The list was read at least once. */
  readonly areRunsKnown: boolean
  readonly storage: StorageState | null
  readonly shownRun: ShownRun
  /** Its curves stand beside the shown one's. */
  readonly comparedRun: RunDetails | null
  /** Hidden from the list; really deleted when the reader can no longer take it back. */
  readonly deletedRun: RunSummary | null
  /** What the library is doing that takes a while. */
  readonly libraryWork: StageProgress | null
  readonly libraryFailure: Failure | null
  /** What stands in the middle of the page while somebody trains. */
  readonly trainStage: 'run' | 'scan'
  enterTraining(): Promise<void>
  refreshRuns(): Promise<void>
  /** Reads the list anew, and the shown run where another tab trains it. */
  followOtherTabs(): Promise<void>
  showRun(id: string): Promise<void>
  compareRun(id: string | null): Promise<void>
  renameRun(id: string, title: string): Promise<void>
  deleteRun(id: string): Promise<void>
  undoDelete(): Promise<void>
  /** Deletes what can no longer be taken back. */
  settleDelete(): Promise<void>
  /** `isWithoutCases`: of a fine-tuning, without what shows its cases; it then goes on only with the same labelled data. */
  exportRun(id: string, isWithoutCases?: boolean): Promise<void>
  importRun(file: Blob): Promise<void>
  saveCurves(id: string, format: 'svg' | 'csv'): Promise<void>
  deleteKeptVolumes(): Promise<void>
  /** Asks the browser not to clear the page's storage by itself. */
  keepStorage(): Promise<void>
  dismissLibraryFailure(): void
  setTrainStage(stage: 'run' | 'scan'): void
}

/** Another tab writes this run. */
export const isElsewhere = (state: Pick<Workbench, 'liveRun'>, { id, isBeingWritten }: RunSummary): boolean =>
  isBeingWritten && !(isLive(state) && 'id' in state.liveRun && state.liveRun.id === id)

const fileTypes = { svg: 'image/svg+xml', csv: 'text/csv', zip: 'application/zip' } as const

export const createRunsSlice: SliceOf<RunsSlice> = services => (set, get) => {
  const { library } = services.workers
  let undoTimer: ReturnType<typeof setTimeout> | undefined

  /** Does `work`; a failure becomes a sentence over the list. */
  async function attempt(doing: string, work: () => Promise<unknown>): Promise<void> {
    set({ libraryFailure: null })
    try {
      await work()
    } catch (error) {
      set({ libraryFailure: toFailure(error, doing) ?? null })
    } finally {
      set({ libraryWork: null })
    }
  }
  async function destroy(id: string): Promise<void> {
    await attempt('Deleting this run', () => library.run('destroyRun', { id }))
    // A run that could not be deleted is in the list again, with the reason above it.
    await get().refreshRuns()
  }

  const onProgress = (libraryWork: StageProgress) => set({ libraryWork })

  return {
    runs: [],
    areRunsKnown: false,
    storage: null,
    shownRun: { kind: 'none' },
    comparedRun: null,
    deletedRun: null,
    libraryWork: null,
    libraryFailure: null,
    trainStage: 'run',

    async enterTraining() {
      await get().refreshRuns()
      const { shownRun, runs, liveRun } = get()
      const first = ('id' in liveRun && liveRun.id) || runs.find(run => run.problem === undefined)?.id
      if (shownRun.kind === 'none' && first) await get().showRun(first)
    },

    // What stands over the list stays: it is read anew without anybody's asking, too.
    async refreshRuns() {
      try {
        const [runs, storage] = await Promise.all([
          library.run('listRuns', {}),
          library.run('storageState', {}),
        ])
        set({ runs, storage, areRunsKnown: true })
      } catch (error) {
        set({ libraryFailure: toFailure(error, 'Listing the runs') ?? null })
      }
    },

    async followOtherTabs() {
      await get().refreshRuns()
      const { shownRun } = get()
      if (
        shownRun.kind === 'shown' &&
        get().runs.some(run => run.id === shownRun.id && isElsewhere(get(), run))
      )
        await get().showRun(shownRun.id)
    },

    async showRun(id) {
      const { shownRun } = get()
      // What is shown already stays until it has been read anew.
      if (!('id' in shownRun && shownRun.id === id)) set({ shownRun: { kind: 'reading', id } })
      try {
        const details = await library.run('readRun', { id })
        const now = get().shownRun
        if ('id' in now && now.id === id) set({ shownRun: { kind: 'shown', id, details } })
      } catch (error) {
        const failure = toFailure(error, 'Reading this run')
        set({ shownRun: failure ? { kind: 'failed', id, failure } : { kind: 'none' } })
      }
    },

    compareRun: id =>
      attempt('Reading this run', async () => {
        set({ comparedRun: id === null ? null : await library.run('readRun', { id }) })
      }),

    renameRun: (id, title) =>
      attempt('Renaming this run', async () => {
        await library.run('renameRun', { id, title })
        await get().refreshRuns()
        const { shownRun } = get()
        if ('id' in shownRun && shownRun.id === id) await get().showRun(id)
      }),

    deleteRun: id =>
      attempt('Deleting this run', async () => {
        // It is said to be deleted when the disk says so too; the one before it can no longer be taken back.
        const deletedRun = get().runs.find(run => run.id === id) ?? null
        await library.run('deleteRun', { id })
        await get().settleDelete()
        const { shownRun, comparedRun, runs } = get()
        set({ deletedRun, runs: runs.filter(run => run.id !== id) })
        if ('id' in shownRun && shownRun.id === id) set({ shownRun: { kind: 'none' } })
        if (comparedRun?.summary.id === id) set({ comparedRun: null })
        undoTimer = setTimeout(() => void get().settleDelete(), takeBackMs)
      }),

    async undoDelete() {
      clearTimeout(undoTimer)
      const { deletedRun } = get()
      if (!deletedRun) return
      set({ deletedRun: null })
      await attempt('Taking this run back', () => library.run('takeBackRun', { id: deletedRun.id }))
      await get().refreshRuns()
    },

    async settleDelete() {
      clearTimeout(undoTimer)
      const { deletedRun } = get()
      if (!deletedRun) return
      set({ deletedRun: null })
      await destroy(deletedRun.id)
    },

    exportRun: (id, isWithoutCases = false) =>
      attempt('Exporting this run', async () => {
        const { fileName, bytes } = await library.run('exportRun', { id, isWithoutCases }, { onProgress })
        services.saveFile(fileName, new Blob([bytes], { type: fileTypes.zip }))
      }),

    importRun: file =>
      attempt('Importing this run', async () => {
        const { id } = await library.run('importRun', { file }, { onProgress })
        await get().refreshRuns()
        await get().showRun(id)
      }),

    saveCurves: (id, format) =>
      attempt('Drawing the curves', async () => {
        const { fileName, text } = await library.run('drawRun', { id, format })
        services.saveFile(fileName, new Blob([text], { type: fileTypes[format] }))
      }),

    deleteKeptVolumes: () =>
      attempt('Deleting the kept volumes', async () => {
        await library.run('deleteKept', {})
        await get().refreshRuns()
      }),

    async keepStorage() {
      await navigator.storage?.persist?.()
      await get().refreshRuns()
    },

    dismissLibraryFailure: () => set({ libraryFailure: null }),
    setTrainStage: trainStage => set({ trainStage }),
  }
}
