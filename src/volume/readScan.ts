// The door of this folder: dropped files → the series among them → one opened CT volume in HU.
import { CancelledError, InputError, throwIfCancelled } from '../base/errors.ts'
import { listDicomSeries, readDicomHeader } from './dicom/dicomSeries.ts'
import type { DicomImage } from './dicom/image.ts'
import { readMetaImage } from './metaImage.ts'
import { readNifti } from './nifti.ts'
import { readNrrd } from './nrrd.ts'
import type { RasterHeader } from './raster.ts'
import { fileName, rasterSource } from './raster.ts'
import type { FoundFiles, KnownFile } from './scanFiles.ts'
import { findScanFiles } from './scanFiles.ts'
import type { ReadOptions, SeriesSource } from './source.ts'
import type { OpenedSeries, ScanFile, SeriesSummary } from './volume.ts'

export interface SeriesListing {
  /** Those that can be opened first; the others carry their `problem`. */
  readonly series: readonly SeriesSummary[]
  /** Sentences about files that were left out. */
  readonly notes: readonly string[]
  readonly sources: ReadonlyMap<string, SeriesSource>
  /** Lets go of archives held in memory; they are read again when needed. */
  release(): void
}

const formats = 'a DICOM CT series, NIfTI (.nii, .nii.gz, .hdr with .img), NRRD or MetaImage (.mha, .mhd)'

/**
 * The series among files, found by their content. Zips are looked into; nothing but headers is unpacked.
 * @throws InputError when nothing can be opened, with the reason of the first thing that looked like a scan.
 */
export async function listSeries(
  files: readonly ScanFile[],
  options: Pick<ReadOptions, 'onProgress' | 'signal'> = {},
): Promise<SeriesListing> {
  if (files.length === 0)
    throw new InputError(`There are no files here; ${formats} is expected. Choose another folder.`)
  const { onProgress, signal } = options
  const found = await findScanFiles(files, { signal, onProgress: part => onProgress?.(part / 2) })
  try {
    const { sources, notes, failures } = await readHeaders(found, {
      signal,
      onProgress: part => onProgress?.((1 + part) / 2),
    })
    const images = sources.filter(source => source.holdsImage)
    const companions = sources.filter(source => !source.holdsImage)
    if (!images.some(({ summary }) => !summary.problem)) throw nothingToOpen(files, found, sources, failures)
    const listed = [...images].sort(
      (a, b) => Number(Boolean(a.summary.problem)) - Number(Boolean(b.summary.problem)),
    )
    return {
      series: listed.map(source => source.summary),
      notes: [
        ...found.notes,
        ...notes,
        ...failures.map(failure => failure.message),
        ...companions.map(({ summary }) => summary.problem ?? ''),
      ],
      sources: new Map(listed.map(source => [source.summary.id, source])),
      release: found.release,
    }
  } finally {
    found.release()
  }
}

/**
 * Opens one listed series as int16 HU in RAS memory order.
 * @throws InputError with the series' problem, or with what turned out wrong when its voxels were read.
 */
export async function openSeries(
  listing: SeriesListing,
  id: string,
  options: ReadOptions = {},
): Promise<OpenedSeries> {
  const source = listing.sources.get(id)
  if (!source) throw new Error(`openSeries: no series ${id} in this listing`)
  if (source.summary.problem) throw new InputError(source.summary.problem)
  try {
    return await source.open(options)
  } finally {
    listing.release()
  }
}

interface ReadHeaders {
  readonly sources: SeriesSource[]
  readonly notes: string[]
  readonly failures: InputError[]
}

async function readHeaders(
  found: FoundFiles,
  options: Pick<ReadOptions, 'onProgress' | 'signal'>,
): Promise<ReadHeaders> {
  const all = found.files.map(known => known.file)
  const images: DicomImage[] = []
  const sources: SeriesSource[] = []
  const failures: InputError[] = []
  for (const [i, known] of found.files.entries()) {
    throwIfCancelled(options.signal, 'Opening')
    try {
      if (known.kind === 'dicom') images.push(await readDicom(known))
      else if (known.kind !== 'other')
        sources.push(rasterSource(await readRaster(known, all), freeId(known, sources)))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      failures.push(error)
    }
    options.onProgress?.((i + 1) / found.files.length)
  }
  const strangers = found.files.filter(known => known.kind === 'other' && !isCompanion(known.file.path))
  const notes =
    strangers.length > 0
      ? [`${countFiles(strangers.length)} not recognised and left out (${sample(strangers)}).`]
      : []
  return { sources: [...listDicomSeries(images), ...sources], notes, failures }
}

/** Its path, or where another file came with the same one, a number after it. */
function freeId({ file }: KnownFile, sources: readonly SeriesSource[]): string {
  let id = file.path
  for (let n = 2; sources.some(({ summary }) => summary.id === id); n++) id = `${file.path}#${n}`
  return id
}

/** Voxels whose header is another file. */
export function isCompanion(path: string): boolean {
  return /\.(img|raw|zraw|img\.gz|raw\.gz)$/i.test(path)
}

/** @throws InputError, naming the file, when its header is damaged. */
export async function readDicom(known: KnownFile): Promise<DicomImage> {
  try {
    return await readDicomHeader(known)
  } catch (error) {
    if (error instanceof InputError || error instanceof CancelledError) throw error
    throw new InputError(
      `${fileName(known.file)} looks like DICOM but its header is damaged or cut off. Copy or export the series again.`,
      String(error),
    )
  }
}

/** Understands the header of a file that is one volume; `all` are searched for its other half. @throws InputError */
export async function readRaster(known: KnownFile, all: readonly ScanFile[]): Promise<RasterHeader> {
  if (known.kind === 'nifti') return readNifti(known, all)
  return known.kind === 'nrrd' ? readNrrd(known, all) : readMetaImage(known, all)
}

function countFiles(n: number): string {
  return n === 1 ? 'One file was' : `${n} files were`
}

function sample(files: readonly KnownFile[]): string {
  const names = files.slice(0, 3).map(({ file }) => fileName(file))
  return files.length > 3 ? `${names.join(', ')} …` : names.join(', ')
}

function nothingToOpen(
  files: readonly ScanFile[],
  found: FoundFiles,
  sources: readonly SeriesSource[],
  failures: readonly InputError[],
): InputError {
  const problem = sources.find(source => source.holdsImage)?.summary.problem ?? sources[0]?.summary.problem
  if (problem) return new InputError(problem)
  if (failures.length > 0) return failures[0]
  if (found.notes.length > 0) return new InputError(found.notes[0])
  const [only] = found.files
  if (found.files.length === 0)
    return new InputError(
      `There is no scan in ${files.length === 1 ? fileName(files[0]) : `these ${files.length} files`}; ${formats} is expected. Choose the folder or file that holds the scan.`,
    )
  const what =
    found.files.length === 1
      ? `${fileName(only.file)} is ${describe(only)}`
      : `None of these ${found.files.length} files is a scan (${sample(found.files)})`
  return new InputError(`${what}; ${formats} is expected. Choose the folder or file that holds the scan.`)
}

function describe({ file, head }: KnownFile): string {
  if (file.sizeBytes === 0) return 'empty'
  if (/\.(nii|nii\.gz|hdr|img)$/i.test(file.path))
    return 'not a NIfTI file, or only half of an .hdr/.img pair'
  const isText =
    head.length > 0 && head.subarray(0, 512).every(byte => byte >= 32 || [9, 10, 13].includes(byte))
  return isText ? 'a text file, not a scan' : 'not a scan that can be read here'
}
