// The open case: what is open, what is being opened. The open scan stays open until another one has been read whole.
import { InputError } from '../base/errors.ts'
import type { OpenedSeries, SeriesSummary } from '../volume/volume.ts'
import type { OpenedScan, PickedFile, StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { SliceOf } from './store.ts'

/** What the page knows of an open scan without its voxels. */
export interface OpenCase {
  readonly id: string
  readonly title: string
  readonly series: Omit<OpenedSeries, 'volume' | 'dicom'>
  readonly previewShape: OpenedScan['preview']['shape']
  readonly secondsToOpen: number
  /** Other series of the same files, to switch to. */
  readonly listingId: number
  readonly siblings: readonly SeriesSummary[]
}

export type Opening =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'reading'
      readonly title: string
      readonly progress: StageProgress
      readonly startedAt: number
    }
  | {
      readonly kind: 'choosing'
      readonly title: string
      readonly listingId: number
      readonly series: readonly SeriesSummary[]
      readonly notes: readonly string[]
      readonly synthetic: boolean
    }
  | { readonly kind: 'failed'; readonly title: string; readonly failure: Failure }

export interface DemoCase {
  readonly title: string
  readonly path: string
}

export interface CaseSlice {
  readonly openCase: OpenCase | null
  readonly opening: Opening
  openFiles(files: readonly PickedFile[], title: string, options?: { synthetic?: boolean }): Promise<void>
  openDemo(demo: DemoCase): Promise<void>
  chooseSeries(listingId: number, seriesId: string): Promise<void>
  cancelOpening(): void
  dismissOpening(): void
  closeCase(): void
}

const FIRST_PROGRESS: StageProgress = { stage: 'Reading files', done: 0, total: 100 }

export const createCaseSlice: SliceOf<CaseSlice> = services => (set, get) => {
  const { volume } = services.workers
  let controller = new AbortController()
  let nextCase = 1
  let listing = { id: 0, title: '', synthetic: false, series: [] as readonly SeriesSummary[] }

  /** Starts reading: a reading that was under way is cancelled, the newer wish counts. */
  function begin(title: string): AbortSignal {
    controller.abort()
    controller = new AbortController()
    set({ opening: { kind: 'reading', title, progress: FIRST_PROGRESS, startedAt: Date.now() } })
    return controller.signal
  }

  function report(signal: AbortSignal) {
    return (progress: StageProgress) => {
      const { opening } = get()
      if (!signal.aborted && opening.kind === 'reading') set({ opening: { ...opening, progress } })
    }
  }

  function fail(signal: AbortSignal, title: string, error: unknown): void {
    if (signal.aborted) return
    const failure = toFailure(error, 'Opening this scan')
    set({ opening: failure ? { kind: 'failed', title, failure } : { kind: 'idle' } })
  }

  function show(scan: OpenedScan, title: string): void {
    const { openCase } = get()
    const id = `case-${nextCase++}`
    services.held.holdScan(id, scan)
    const { volume: _voxels, dicom: _identifiers, ...series } = scan.series
    get().caseOpened(scan.series)
    set({
      openCase: {
        id,
        title,
        series,
        previewShape: scan.preview.shape,
        secondsToOpen: scan.secondsToOpen,
        listingId: listing.id,
        siblings: listing.series,
      },
      opening: { kind: 'idle' },
    })
    if (openCase) services.held.release(openCase.id)
  }

  return {
    openCase: null,
    opening: { kind: 'idle' },

    async openFiles(files, title, options = {}) {
      const signal = begin(title)
      try {
        if (files.length === 0)
          throw new InputError(
            'No file was found in what you chose. A DICOM folder, a zip, or a NIfTI, NRRD or MetaImage file is expected: choose again.',
          )
        const { listingId, series, notes } = await volume.run(
          'list',
          { files },
          { signal, onProgress: report(signal) },
        )
        const synthetic = options.synthetic ?? false
        listing = { id: listingId, title, synthetic, series }
        const readable = series.filter(one => one.problem === undefined)
        if (readable.length === 0) throw nothingReadable(series, notes)
        if (readable.length === 1) return await get().chooseSeries(listingId, readable[0].id)
        set({ opening: { kind: 'choosing', title, listingId, series, notes, synthetic } })
      } catch (error) {
        fail(signal, title, error)
      }
    },

    async openDemo(demo) {
      const signal = begin(demo.title)
      try {
        const file = await services.fetchFile(demo.path)
        if (signal.aborted) return
        await get().openFiles([{ path: demo.path, file }], demo.title, { synthetic: true })
      } catch (error) {
        fail(signal, demo.title, error)
      }
    },

    async chooseSeries(listingId, seriesId) {
      const { title, synthetic } = listing
      const signal = begin(title)
      try {
        const previewVoxels = services.previewVoxels()
        const input = { listingId, seriesId, previewVoxels, synthetic }
        const scan = await volume.run('open', input, { signal, onProgress: report(signal) })
        get().cancelPrediction()
        show(scan, title)
      } catch (error) {
        fail(signal, title, error)
      }
    },

    cancelOpening() {
      controller.abort()
      set({ opening: { kind: 'idle' } })
    },

    dismissOpening: () => set({ opening: { kind: 'idle' } }),

    closeCase() {
      const { openCase } = get()
      get().cancelPrediction()
      set({ openCase: null })
      get().caseClosed()
      if (openCase) services.held.release(openCase.id)
    },
  }
}

function nothingReadable(series: readonly SeriesSummary[], notes: readonly string[]): InputError {
  const problems = series.map(one => `${one.description || one.id}: ${one.problem}`)
  const only = series.length === 1 ? series[0].problem : undefined
  return new InputError(
    only ??
      (series.length === 0
        ? 'None of these files is a scan that can be read. A DICOM series, NIfTI, NRRD or MetaImage is expected: choose other files.'
        : `None of these ${series.length} series can be opened as a CT. The details say why for each; choose other files.`),
    [...problems, ...notes].join('\n') || undefined,
  )
}
