// The open case: what is open, what is being opened. The open scan stays open until another one has been read whole.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import type { PointMm } from '../volume/geometry.ts'
import type { OpenedSeries, SeriesSummary } from '../volume/volume.ts'
import type { OpenedScan, PickedFile, StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { Services, SliceOf } from './store.ts'

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
  /** Which demo case it is; null for a scan of the reader's own. */
  readonly demoId: string | null
  /** Sentences about files that were left out. */
  readonly notes: readonly string[]
}

export type Opening =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'reading'
      readonly title: string
      readonly progress: StageProgress
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

/** A synthetic chest: made from its seed when it is opened, or one of the app's own files made so before. */
export interface DemoCase {
  readonly id: string
  readonly title: string
  readonly seed: number
  readonly spacingMm: Triple
  readonly path?: string
}

export interface CaseSlice {
  readonly openCase: OpenCase | null
  readonly opening: Opening
  openFiles(files: readonly PickedFile[], title: string, demo?: DemoCase): Promise<void>
  openDemo(demo: DemoCase): Promise<void>
  chooseSeries(listingId: number, seriesId: string): Promise<void>
  /** Opens the scan of a labelled case. @returns where its lesion is; null where it was not opened, which the page says. */
  openLabelledScan(cohortId: number, index: number, title: string): Promise<PointMm | null>
  cancelOpening(): void
  dismissOpening(): void
}

const FIRST_PROGRESS: StageProgress = { stage: 'Reading files', done: 0, total: 100 }

type Api = Parameters<ReturnType<SliceOf<CaseSlice>>>

/** One reading at a time: a newer wish cancels the one under way. */
function createReading(set: Api[0], get: Api[1]) {
  let controller = new AbortController()
  return {
    begin(title: string): AbortSignal {
      controller.abort()
      controller = new AbortController()
      set({ opening: { kind: 'reading', title, progress: FIRST_PROGRESS } })
      return controller.signal
    },
    options: (signal: AbortSignal) => ({
      signal,
      onProgress(progress: StageProgress) {
        const { opening } = get()
        if (!signal.aborted && opening.kind === 'reading') set({ opening: { ...opening, progress } })
      },
    }),
    fail(signal: AbortSignal, title: string, error: unknown): void {
      if (signal.aborted) return
      const failure = toFailure(error, 'Opening this scan')
      set({ opening: failure ? { kind: 'failed', title, failure } : { kind: 'idle' } })
    },
    cancel(): void {
      controller.abort()
      set({ opening: { kind: 'idle' } })
    },
  }
}

interface Listing {
  readonly id: number
  readonly title: string
  readonly synthetic: boolean
  readonly demoId: string | null
  readonly series: readonly SeriesSummary[]
  readonly notes: readonly string[]
}

function toOpenCase(id: string, scan: OpenedScan, listing: Listing): OpenCase {
  const series: OpenCase['series'] & { volume?: unknown; dicom?: unknown } = { ...scan.series }
  // The store holds no voxels and no identifiers: they stay with the held scan.
  delete series.volume
  delete series.dicom
  return {
    id,
    // Several series share the files' name: the chosen one's own says more.
    title: (listing.series.length > 1 && scan.series.description) || listing.title,
    series,
    previewShape: scan.preview.shape,
    secondsToOpen: scan.secondsToOpen,
    listingId: listing.id,
    siblings: listing.series,
    demoId: listing.demoId,
    notes: listing.notes,
  }
}

/** The new scan takes the open one's place only now, when it has been read whole. */
function createShow(services: Services, set: Api[0], get: Api[1]) {
  let nextCase = 1
  return (scan: OpenedScan, listing: Listing): void => {
    const { openCase } = get()
    const id = `case-${nextCase++}`
    services.held.holdScan(id, scan)
    get().cancelPrediction()
    get().caseOpened(scan.series)
    set({ openCase: toOpenCase(id, scan, listing), opening: { kind: 'idle' } })
    if (openCase) services.held.release(openCase.id)
    // A view of the lab that was waiting for its scan.
    const { pendingView } = get()
    if (!pendingView) return
    if (pendingView.demo === '' || pendingView.demo === listing.demoId) void get().restoreView(pendingView)
    else set({ pendingView: null })
  }
}

export const createCaseSlice: SliceOf<CaseSlice> = services => (set, get) => {
  const reading = createReading(set, get)
  const show = createShow(services, set, get)
  let listing: Listing = { id: 0, title: '', synthetic: false, demoId: null, series: [], notes: [] }

  return {
    openCase: null,
    opening: { kind: 'idle' },

    async openFiles(files, title, demo) {
      const synthetic = demo !== undefined
      const signal = reading.begin(title)
      try {
        if (files.length === 0) throw nothingChosen()
        const { listingId, series, notes } = await services.workers.volume.run(
          'list',
          { files },
          reading.options(signal),
        )
        const readable = series.filter(one => one.problem === undefined)
        if (readable.length === 0) throw nothingReadable(series, notes)
        listing = { id: listingId, title, synthetic, demoId: demo?.id ?? null, series, notes }
        if (readable.length === 1) return await get().chooseSeries(listingId, readable[0].id)
        set({ opening: { kind: 'choosing', title, listingId, series, notes, synthetic } })
      } catch (error) {
        reading.fail(signal, title, error)
      }
    },

    async openDemo(demo) {
      const { id, title, path, seed, spacingMm } = demo
      const signal = reading.begin(title)
      try {
        if (path === undefined) {
          const input = { seed, spacingMm, previewVoxels: services.previewVoxels() }
          const scan = await services.workers.volume.run('openPhantom', input, reading.options(signal))
          listing = { id: 0, title, synthetic: true, demoId: id, series: [], notes: [] }
          return show(scan, listing)
        }
        const file = await services.fetchFile(path)
        if (!signal.aborted) await get().openFiles([{ path, file }], title, demo)
      } catch (error) {
        reading.fail(signal, title, error)
      }
    },

    async chooseSeries(listingId, seriesId) {
      const { title, synthetic } = listing
      const signal = reading.begin(title)
      try {
        const input = { listingId, seriesId, previewVoxels: services.previewVoxels(), synthetic }
        show(await services.workers.volume.run('open', input, reading.options(signal)), listing)
      } catch (error) {
        reading.fail(signal, title, error)
      }
    },

    async openLabelledScan(cohortId, index, title) {
      const signal = reading.begin(title)
      try {
        const input = { cohortId, index, previewVoxels: services.previewVoxels() }
        const opened = await services.workers.volume.run('openLabelledScan', input, reading.options(signal))
        listing = { id: 0, title, synthetic: false, demoId: null, series: [], notes: [] }
        show(opened.scan, listing)
        return opened.centreRasMm
      } catch (error) {
        reading.fail(signal, title, error)
        return null
      }
    },

    cancelOpening: reading.cancel,
    dismissOpening: () => set({ opening: { kind: 'idle' } }),
  }
}

function nothingChosen(): InputError {
  return new InputError(
    'No file was found in what you chose. A DICOM folder, a zip, or a NIfTI, NRRD or MetaImage file is expected: choose again.',
  )
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
