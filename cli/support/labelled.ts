// Labelled cases from disk for commands: a folder, a zip, or a table of labels, which stands for the folder that it is in.
import path from 'node:path'
import type { CohortOptions, CohortProgress, LabelledCohort } from '../../src/training/labelled/cohort.ts'
import { openLabelledCohort } from '../../src/training/labelled/openCohort.ts'
import type { ScanFile } from '../../src/volume/volume.ts'
import { readScanFiles } from './files.ts'

/** @throws InputError when there is nothing at `location`. */
export async function readLabelledFiles(location: string): Promise<ScanFile[]> {
  return readScanFiles(/\.(csv|tsv)$/i.test(location) ? path.dirname(location) : location)
}

/**
 * Opens the cases at a location; a table that is named there is the one that is used.
 * @throws InputError as `openLabelledCohort`.
 */
export async function openLabelled(
  location: string,
  options: CohortOptions = {},
  onProgress?: (progress: CohortProgress) => void,
): Promise<LabelledCohort> {
  const table = /\.(csv|tsv)$/i.test(location) ? path.basename(location) : undefined
  return openLabelledCohort(await readLabelledFiles(location), { table, ...options }, onProgress)
}
