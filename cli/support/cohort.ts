// The cases of a training run from a command line: folders, zips and scan files, of which every series that can be opened
// is a case, and phantom:SPLIT.
import { InputError } from '../../src/base/errors.ts'
import { voxelCount } from '../../src/base/shape.ts'
import {
  joinSources,
  phantomSource,
  requireRoom,
  volumeCase,
  type CaseSource,
  type CropExtent,
} from '../../src/training/pretrain/cases.ts'
import type { Split } from '../../src/training/phantomCrops.ts'
import { listSeries, openSeries } from '../../src/volume/readScan.ts'
import { readScanFiles } from './files.ts'

export interface Cohort {
  readonly source: CaseSource
  /** What the parts are, without the name of a file: 'phantom:train', '3 volumes'. */
  readonly labels: readonly string[]
}

async function volumesAt(location: string, extent: CropExtent): Promise<CaseSource> {
  const listing = await listSeries(await readScanFiles(location))
  for (const note of listing.notes) process.stderr.write(`${note}\n`)
  const usable = listing.series.filter(({ problem }) => !problem)
  for (const { problem } of listing.series) if (problem) process.stderr.write(`${problem}\n`)
  const nameOf = (index: number) => `Volume ${index + 1} of ${location} (“${usable[index].description}”)`
  usable.forEach((summary, index) => requireRoom(summary, extent, nameOf(index)))
  // The order of a folder is that of its paths; a series' own identifier may be made anew by each reading.
  return {
    count: usable.length,
    largestBytes: Math.max(...usable.map(({ shape }) => voxelCount(shape) * Int16Array.BYTES_PER_ELEMENT)),
    async open(index) {
      const { volume, synthetic } = await openSeries(listing, usable[index].id)
      listing.release()
      return volumeCase(volume, extent, { name: nameOf(index), synthetic })
    },
  }
}

/** @throws InputError when a location holds nothing that can be opened, or a volume smaller than a crop. */
export async function openCohort(locations: readonly string[], extent: CropExtent): Promise<Cohort> {
  const sources: CaseSource[] = []
  const labels: string[] = []
  for (const location of locations) {
    const split = /^phantom:(.*)$/.exec(location)?.[1]
    if (split !== undefined && !['train', 'val', 'test'].includes(split))
      throw new InputError(
        `--data is phantom:${split}; phantom:train, phantom:val or phantom:test is expected.`,
      )
    const source = split === undefined ? await volumesAt(location, extent) : phantomSource(split as Split)
    sources.push(source)
    const volumes = `${source.count} volume${source.count === 1 ? '' : 's'}`
    labels.push(split === undefined ? volumes : `phantom:${split}`)
  }
  return { source: joinSources(sources), labels }
}
