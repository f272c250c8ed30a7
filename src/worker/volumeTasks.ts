// What the volume worker can do: list the series among dropped files, open one, make a synthetic one, write a
// segmentation or a map of the lab.
import { InputError } from '../base/errors.ts'
import { voxelCount } from '../base/shape.ts'
import { cropBox } from '../insight/labCrop.ts'
import { spreadCells } from '../insight/scanMap.ts'
import { makePhantom } from '../phantom/phantom.ts'
import { phantomSeries } from '../phantom/phantomSeries.ts'
import { listSeries, openSeries } from '../volume/readScan.ts'
import type { OpenedSeries, SeriesSummary, Volume } from '../volume/volume.ts'
import { volumeSeries } from '../volume/volumeSeries.ts'
import { toFileGrid, writeNifti } from '../volume/writeNifti.ts'
import { previewHu, previewShape } from './preview.ts'
import { labelledHandlers, openLabelledCase } from './labelledTasks.ts'
import type { OpenedScan, VolumeTasks } from './protocol.ts'
import { toScanFile } from './scanFile.ts'
import type { Handlers, JobContext } from './serveTasks.ts'
import type { StageProgress } from './protocol.ts'

type Listing = Awaited<ReturnType<typeof listSeries>>

/** Two listings are kept: the open scan's and the one being chosen from; older ones let go of their files. */
const listings = new Map<number, Listing>()
let nextListing = 1

function allocateShared(bytes: number): ArrayBufferLike {
  try {
    return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes)
  } catch {
    throw new InputError(
      `This scan needs ${Math.round(bytes / 1e6)} MB in one piece, which this browser would not give. Close other tabs, or crop or downsample the scan.`,
    )
  }
}

function share(volume: Volume): Volume {
  const hu = new Int16Array(allocateShared(volume.hu.byteLength))
  hu.set(volume.hu)
  return { ...volume, hu }
}

/** Progress of readers is a fraction 0…1 with an optional label; the page shows it as a stage. */
function readerOptions(context: JobContext<StageProgress>, stage: string) {
  return {
    signal: context.signal,
    onProgress: (fraction: number) =>
      context.report({ stage, done: Math.round(Math.min(1, Math.max(0, fraction)) * 100), total: 100 }),
  }
}

function toOpenedScan(
  series: OpenedSeries,
  previewVoxels: number,
  started: number,
  context: JobContext<StageProgress>,
): { result: OpenedScan; transfer: Transferable[] } {
  const { shape, spacingMm, hu } = series.volume
  context.report({ stage: 'Preparing the views', done: 100, total: 100 })
  const target = previewShape(shape, spacingMm, previewVoxels)
  const preview = { shape: target, hu: previewHu(hu, shape, target) }
  const secondsToOpen = (performance.now() - started) / 1000
  const transfer: Transferable[] = [preview.hu.buffer]
  if (hu.buffer instanceof ArrayBuffer) transfer.push(hu.buffer)
  return { result: { series, preview, secondsToOpen }, transfer }
}

export const volumeHandlers: Handlers<VolumeTasks> = {
  ...labelledHandlers,

  async list({ files }, context) {
    const listing = await listSeries(files.map(toScanFile), readerOptions(context, 'Reading headers'))
    const listingId = nextListing++
    listings.set(listingId, listing)
    for (const [id, old] of listings) {
      if (id >= listingId - 1) continue
      old.release()
      listings.delete(id)
    }
    return { result: { listingId, series: listing.series, notes: listing.notes } }
  },

  async open({ listingId, seriesId, previewVoxels, synthetic }, context) {
    const listing = listings.get(listingId)
    if (!listing) throw new InputError('These files are no longer held in memory. Choose them again.')
    const started = performance.now()
    const opened = await openSeries(listing, seriesId, {
      ...readerOptions(context, 'Reading slices'),
      allocate: allocateShared,
    })
    const series = synthetic ? { ...opened, synthetic: true } : opened
    return toOpenedScan(series, previewVoxels, started, context)
  },

  async openBeside(input, context) {
    if (input.kind === 'phantom') {
      const { seed, spacingMm } = input
      const options = readerOptions(context, 'Making the synthetic chest')
      const { volume } = await makePhantom(seed, { spacingMm }, options)
      return { result: { volume: share(volume), readableSeries: 1 } }
    }
    const { files } = input
    const listing = await listSeries(files.map(toScanFile), readerOptions(context, 'Reading headers'))
    try {
      const readable = listing.series.filter(one => one.problem === undefined)
      const [largest] = readable.sort((a, b) => voxelCount(b.shape) - voxelCount(a.shape))
      if (!largest) throw nothingToRead(listing.series, listing.notes)
      const { volume } = await openSeries(listing, largest.id, {
        ...readerOptions(context, 'Reading slices'),
        allocate: allocateShared,
      })
      return { result: { volume, readableSeries: readable.length } }
    } finally {
      listing.release()
    }
  },

  async openPhantom({ seed, spacingMm, previewVoxels }, context) {
    const started = performance.now()
    const options = readerOptions(context, 'Making the synthetic chest')
    const phantom = await makePhantom(seed, { spacingMm }, options)
    const series = phantomSeries(phantom)
    return toOpenedScan({ ...series, volume: share(series.volume) }, previewVoxels, started, context)
  },

  async openLabelledScan({ cohortId, index, previewVoxels }, context) {
    const started = performance.now()
    context.report({ stage: 'Opening the case', done: 0, total: 1 })
    const { known, opened } = await openLabelledCase(cohortId, index)
    const { synthetic } = known
    const series = volumeSeries(share(opened.volume), {
      ...{ id: `labelled-${cohortId}-${index}`, description: known.id, synthetic },
      ...{ format: synthetic ? 'phantom' : 'nifti', warnings: [ofLabelledData] },
    })
    const { result: scan, transfer } = toOpenedScan(series, previewVoxels, started, context)
    return { result: { scan, centreRasMm: opened.centreRasMm }, transfer }
  },

  async writeSegmentation({ labels, shape, fileGrid, description }) {
    const bytes = writeNifti(toFileGrid(labels, shape, fileGrid), fileGrid, { description })
    return { result: bytes }
  },

  async writeCells({ kind, values, cells, crop, scan, fileGrid, description }) {
    const { voxels, scaled, slope } = cellVoxels(kind, values, voxelCount(scan.shape))
    spreadCells(scaled, cells, cropBox(scan, crop), scan.shape, voxels)
    const onFileGrid = toFileGrid(voxels, scan.shape, fileGrid)
    return { result: writeNifti(onFileGrid, fileGrid, { description, slope }) }
  },
}

const ofLabelledData = 'Opened as a case of labelled data: exports name no DICOM series.'

function nothingToRead(series: readonly SeriesSummary[], notes: readonly string[]): InputError {
  const problems = series.map(({ id, description, problem }) => `${description || id}: ${problem}`)
  return new InputError(
    'None of these files is a CT that can be read. A DICOM series, NIfTI, NRRD or MetaImage is expected: choose other files.',
    [...problems, ...notes].join('\n') || undefined,
  )
}

/** Voxels in the smallest type that holds the values, filled with what stands outside of the region. */
function cellVoxels(
  kind: VolumeTasks['writeCells']['input']['kind'],
  values: ArrayLike<number>,
  voxels: number,
) {
  if (kind === 'codes') return { voxels: new Uint8Array(voxels), scaled: values, slope: 1 }
  if (kind === 'hu')
    return {
      voxels: new Int16Array(voxels).fill(-1024),
      scaled: Float32Array.from(values, Math.round),
      slope: 1,
    }
  const most = Array.from(values).reduce((largest, value) => Math.max(largest, value), 0)
  const slope = most > 0 ? most / 65_535 : 1
  return {
    voxels: new Uint16Array(voxels),
    scaled: Float32Array.from(values, value => Math.round(value / slope)),
    slope,
  }
}
