// What every reader hands to readScan.ts: a summary for the list, and a way to open the series behind it.
import type { Allocate } from './huWriter.ts'
import type { OpenedSeries, SeriesSummary } from './volume.ts'

export interface ReadOptions {
  /** 0…1, called between files or slices. */
  readonly onProgress?: (fraction: number) => void
  readonly signal?: AbortSignal
  /** Gives the buffer for the HU (a SharedArrayBuffer in the volume worker); an ArrayBuffer by default. */
  readonly allocate?: Allocate
}

export interface SeriesSource {
  readonly summary: SeriesSummary
  /** False for reports, contours and the like, which accompany a scan and are only mentioned. */
  readonly holdsImage: boolean
  open(options: ReadOptions): Promise<OpenedSeries>
}
