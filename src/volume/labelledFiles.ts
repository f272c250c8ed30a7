// Scans and everything that can say where their lesions are, sorted by what the files hold: volumes in one file, DICOM
// series, segmentations, contours, readers' outlines, tables. Nothing but headers is read.
import { CancelledError, InputError, throwIfCancelled } from '../base/errors.ts'
import { listDicomSeries } from './dicom/dicomSeries.ts'
import type { DicomImage } from './dicom/image.ts'
import { isLidcXml } from './lidcXml.ts'
import { fileName, rasterSource } from './raster.ts'
import { isCompanion, readDicom, readRaster } from './readScan.ts'
import type { FoundFiles, KnownFile } from './scanFiles.ts'
import { findScanFiles } from './scanFiles.ts'
import type { ReadOptions, SeriesSource } from './source.ts'
import type { ScanFile } from './volume.ts'

/** A NIfTI, NRRD or MetaImage file: a scan or a mask, its name says which. */
export interface RasterFile {
  readonly path: string
  readonly source: SeriesSource
}

export interface DicomScan {
  readonly source: SeriesSource
  /** Folder of its first file, '' at the top. */
  readonly folder: string
  readonly seriesUid: string
  readonly studyUid: string
  readonly frameOfReferenceUid: string
  /** Patient ID (0010,0020); '' where it is missing. */
  readonly patientId: string
}

export interface BrokenFile {
  readonly path: string
  /** A sentence. */
  readonly why: string
}

export interface LabelledFiles {
  readonly rasters: readonly RasterFile[]
  readonly scans: readonly DicomScan[]
  readonly segmentations: readonly ScanFile[]
  readonly contours: readonly ScanFile[]
  readonly readings: readonly ScanFile[]
  readonly tables: readonly ScanFile[]
  readonly broken: readonly BrokenFile[]
  readonly notes: readonly string[]
  /** Lets go of archives held in memory. */
  release(): void
}

type Kind = 'segmentations' | 'contours' | 'readings' | 'tables'

/** @throws InputError for a damaged archive; damaged files are listed in `broken`. */
export async function sortLabelledFiles(
  files: readonly ScanFile[],
  options: Pick<ReadOptions, 'onProgress' | 'signal'> = {},
): Promise<LabelledFiles> {
  const { onProgress, signal } = options
  const found = await findScanFiles(files, { signal, onProgress: part => onProgress?.(part / 2) })
  try {
    return await sortFound(found, { signal, onProgress: part => onProgress?.((1 + part) / 2) })
  } catch (error) {
    found.release()
    throw error
  }
}

async function sortFound(
  found: FoundFiles,
  { onProgress, signal }: Pick<ReadOptions, 'onProgress' | 'signal'>,
): Promise<LabelledFiles> {
  const all = found.files.map(known => known.file)
  const rasters: RasterFile[] = []
  const images: DicomImage[] = []
  const others: Record<Kind, ScanFile[]> = { segmentations: [], contours: [], readings: [], tables: [] }
  const broken: BrokenFile[] = []
  const strangers: string[] = []
  for (const [i, known] of found.files.entries()) {
    throwIfCancelled(signal, 'Opening')
    const { file } = known
    try {
      if (known.kind === 'dicom') {
        const image = await readDicom(known)
        const kind = companionKind(image)
        if (kind) others[kind].push(file)
        else images.push(image)
      } else if (known.kind !== 'other') {
        rasters.push({ path: file.path, source: rasterSource(await readRaster(known, all)) })
      } else {
        const kind = textKind(known)
        if (kind) others[kind].push(file)
        else if (!isCompanion(file.path)) strangers.push(fileName(file))
      }
    } catch (error) {
      if (error instanceof CancelledError) throw error
      broken.push({ path: file.path, why: sentenceOf(error, file.path) })
    }
    onProgress?.((i + 1) / found.files.length)
  }
  const series = listDicomSeries(images)
  const scans = series.filter(one => one.holdsImage && !one.summary.problem)
  return {
    rasters,
    scans: scans.map(source => describeScan(source, images)),
    ...others,
    broken,
    notes: [
      ...found.notes,
      ...series.flatMap(({ summary }) => summary.problem ?? []),
      ...(strangers.length > 0 ? [strangersNote(strangers)] : []),
    ],
    release: found.release,
  }
}

/** The sentence of an error for a person; anything else becomes one that names the file. */
export function sentenceOf(error: unknown, path: string): string {
  if (error instanceof InputError) return error.message
  return `${path.split('/').pop()} could not be read; it is damaged or not what its name says. Copy or export it again.`
}

/** Segmentation and Label Map Segmentation Storage. */
const segmentationClasses = new Set(['4', '7'].map(end => `1.2.840.10008.5.1.4.1.1.66.${end}`))

function companionKind({ modality, sopClassUid }: DicomImage): Kind | undefined {
  if (modality === 'SEG' || segmentationClasses.has(sopClassUid)) return 'segmentations'
  return modality === 'RTSTRUCT' ? 'contours' : undefined
}

function textKind({ file, head }: KnownFile): Kind | undefined {
  if (/\.(csv|tsv)$/i.test(file.path)) return 'tables'
  const isXml = /\.xml$/i.test(file.path) && isLidcXml(new TextDecoder().decode(head))
  return isXml ? 'readings' : undefined
}

function describeScan(source: SeriesSource, images: readonly DicomImage[]): DicomScan {
  const uid = source.summary.id.replace(/#\d+$/, '')
  const first = images.find(image => (image.seriesUid || image.studyUid || 'no series') === uid)
  const path = first?.file.path ?? ''
  return {
    source,
    folder: path.slice(0, Math.max(0, path.lastIndexOf('/'))),
    seriesUid: uid,
    studyUid: first?.studyUid ?? '',
    frameOfReferenceUid: first?.frameOfReferenceUid ?? '',
    patientId: first?.attributes.PatientID ?? '',
  }
}

function strangersNote(names: readonly string[]): string {
  const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} …` : names.join(', ')
  return `${names.length === 1 ? 'One file is' : `${names.length} files are`} neither a scan nor a mask nor a table and ${names.length === 1 ? 'was' : 'were'} left out (${some}).`
}
