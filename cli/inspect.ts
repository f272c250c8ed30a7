// `npm run inspect -- <file|folder|zip>`: what was understood of a scan, as JSON, on the file's own grid. With `--labels`:
// what was understood of labelled cases, as JSON.
// One sentence on stderr and exit code 2 when nothing could be opened.
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import type { OpenedSeries } from '../src/volume/volume.ts'
import { listSeries, openSeries } from '../src/volume/readScan.ts'
import { describeCohort, problemsOf } from '../src/training/labelled/describe.ts'
import { readScanFiles } from './support/files.ts'
import { openLabelled } from './support/labelled.ts'

function describe(series: OpenedSeries) {
  const { id, description, modality, fileGrid, hu, paddedVoxels, warnings } = series
  const { shape, spacingMm, affine } = fileGrid
  const rows = [0, 4, 8, 12].map(start => affine.slice(start, start + 4))
  return { id, description, modality, shape, spacingMm, affine: rows, hu, paddedVoxels, warnings }
}

async function inspect(location: string): Promise<void> {
  const listing = await listSeries(await readScanFiles(location))
  const notes = [...listing.notes]
  const series: ReturnType<typeof describe>[] = []
  const failures: InputError[] = []
  for (const { id, problem } of listing.series) {
    if (problem) {
      notes.push(problem)
      continue
    }
    try {
      series.push(describe(await openSeries(listing, id)))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      failures.push(error)
    }
  }
  if (series.length === 0 && failures.length > 0) throw failures[0]
  for (const note of [...notes, ...failures.map(failure => failure.message)]) console.error(note)
  console.log(JSON.stringify({ series }, null, 2))
}

async function inspectLabels(location: string): Promise<void> {
  const cohort = await openLabelled(location)
  const problems = {
    segment: problemsOf(cohort, 'segment'),
    classify: problemsOf(cohort, 'classify'),
  }
  console.log(JSON.stringify({ ...describeCohort(cohort), problems, list: cohort.cases }, null, 2))
}

try {
  const { values, positionals } = parseArgs({
    options: { labels: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const [location] = positionals
  if (!location)
    throw new InputError('Say what to inspect: npm run inspect -- <file, folder or zip> [--labels].')
  await (values.labels ? inspectLabels(location) : inspect(location))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
