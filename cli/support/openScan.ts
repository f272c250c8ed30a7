// The scan that a command works on: a file, folder or zip on disk, or phantom:SEED.
import { InputError } from '../../src/base/errors.ts'
import { voxelCount } from '../../src/base/shape.ts'
import { generatePhantom } from '../../src/phantom/phantom.ts'
import { phantomSeries } from '../../src/phantom/phantomSeries.ts'
import { listSeries, openSeries } from '../../src/volume/readScan.ts'
import type { OpenedSeries, SeriesSummary } from '../../src/volume/volume.ts'
import { readScanFiles } from './files.ts'

/**
 * Opens the series called `seriesId` (or whose id ends with it), or the one with the most voxels; what was not opened
 * is said on stderr.
 * @throws InputError when nothing can be opened.
 */
export async function openScan(scan: string, seriesId: string | undefined): Promise<OpenedSeries> {
  const phantom = /^phantom:(\d+)$/.exec(scan)
  if (phantom) return openPhantom(Number(phantom[1]))
  const listing = await listSeries(await readScanFiles(scan))
  const usable = listing.series.filter(({ problem }) => !problem)
  const chosen = seriesId ? usable.find(({ id }) => id.endsWith(seriesId)) : largest(usable)
  if (!chosen) {
    throw new InputError(
      `There is no series '${seriesId}' in ${scan}; one of these is expected: ${usable.map(({ id }) => id).join(', ')}.`,
    )
  }
  for (const note of listing.notes) process.stderr.write(`${note}\n`)
  for (const { id, description } of usable) {
    if (id !== chosen.id) process.stderr.write(`Not opened: "${description}", --series ${id}\n`)
  }
  return openSeries(listing, chosen.id)
}

function largest(series: readonly SeriesSummary[]): SeriesSummary | undefined {
  return [...series].sort((a, b) => voxelCount(b.shape) - voxelCount(a.shape))[0]
}

function openPhantom(seed: number): OpenedSeries {
  return phantomSeries(generatePhantom(seed))
}
