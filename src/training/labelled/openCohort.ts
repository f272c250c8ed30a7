// Files → a cohort of labelled cases. Every scan is read once to be checked and measured; then only a few are kept open.
import { CancelledError, InputError, throwIfCancelled } from '../../base/errors.ts'
import { voxelCount } from '../../base/shape.ts'
import { sha256 } from '../../network/sha256.ts'
import { sentenceOf, sortLabelledFiles, type LabelledFiles } from '../../volume/labelledFiles.ts'
import type { ScanFile, Volume } from '../../volume/volume.ts'
import { CasePool } from '../pretrain/casePool.ts'
import type { CohortOptions, CohortProgress, LabelledCohort, LeftOut, OpenLabelledCase } from './cohort.ts'
import { dropDuplicates, type Identity } from './duplicates.ts'
import { malignancyClasses } from './labelClasses.ts'
import type { LabelRow, LabelTable } from './labelTable.ts'
import type { Lesion } from './lesion.ts'
import { indexNames, openTable, rowsWithoutScan } from './matchTable.ts'
import { pairScans, type ScanSpec } from './pairScans.ts'
import type { LesionMode } from './rasterMask.ts'
import { readLesions } from './readLesions.ts'
import { casesOfScan, type PlacedCase } from './scanCases.ts'
import { refuseSplitPatients } from './splitCheck.ts'

const defaultBudgetBytes = 2 ** 29

/** A scan with its lesions, as the pool keeps it. */
interface OpenScan {
  readonly bytes: number
  readonly volume: Volume
  readonly lesions: readonly Lesion[]
  readonly notices: readonly string[]
  readonly synthetic: boolean
}

/**
 * Understands what is among the files (src/training/labelled/cohort.ts says what a cohort is). What cannot be used is left out
 * by name, and the rest is kept.
 * @throws InputError when nothing is left, a chosen column does not exist, or a patient is on both sides of a split column.
 */
export async function openLabelledCohort(
  files: readonly ScanFile[],
  options: CohortOptions = {},
  onProgress: (progress: CohortProgress) => void = () => {},
  signal?: AbortSignal,
): Promise<LabelledCohort> {
  const sorted = await sortLabelledFiles(files, {
    signal,
    onProgress: share =>
      onProgress({ stage: 'Reading headers', done: Math.round(share * files.length), total: files.length }),
  })
  try {
    return await readCohort(sorted, options, onProgress, signal)
  } finally {
    sorted.release()
  }
}

async function readCohort(
  sorted: LabelledFiles,
  options: CohortOptions,
  onProgress: (progress: CohortProgress) => void,
  signal: AbortSignal | undefined,
): Promise<LabelledCohort> {
  const { scans: found, leftOut } = await pairScans(sorted)
  const scans = inOrder(found)
  const notices = [...sorted.notes]
  const scansOf = indexNames(scans)
  const table = await openTable(sorted.tables, cell => scansOf(cell).length > 0, options, notices)
  const rowsOf = scans.map((): LabelRow[] => [])
  for (const row of table?.rows ?? []) for (const scan of scansOf(row.id)) rowsOf[scan].push(row)
  const reading: Reading = { signal }
  const pool = poolOf(scans, rowsOf, options, reading)
  const cases: PlacedCase[] = []
  const identities: Identity[] = []
  const usesRatings = !table?.classes.length || table.isMalignancy
  const left: LeftOut[] = [...leftOut, ...rowsWithoutScan(table, scansOf)]
  for (const [scan, spec] of scans.entries()) {
    throwIfCancelled(signal, 'Opening the cases')
    onProgress({ stage: 'Reading cases', done: scan, total: scans.length })
    try {
      const { volume, lesions, notices: said, synthetic } = await pool.take(scan)
      const made = casesOfScan({
        spec,
        scan,
        grid: volume,
        lesions,
        rows: rowsOf[scan],
        usesRatings,
        synthetic,
      })
      const identity = await identityOf(volume)
      cases.push(...made.cases)
      identities.push(...made.cases.map(one => identify(one, identity, lesions)))
      left.push(...made.leftOut)
      notices.push(...said, ...made.notices)
    } catch (error) {
      if (error instanceof CancelledError) throw error
      left.push({ id: spec.name, why: sentenceOf(error, spec.name) })
    }
  }
  reading.signal = undefined
  onProgress({ stage: 'Reading cases', done: scans.length, total: scans.length })
  const unique = dropDuplicates(cases, identities)
  notices.push(...unique.notices)
  if (table) refuseSplitPatients(unique.cases, table.info)
  return toCohort(unique.cases, [...left, ...unique.leftOut], notices, table, pool, sorted.release)
}

/** By name, whatever order the files came in: the division of the cases follows from their order. */
function inOrder(scans: readonly ScanSpec[]): ScanSpec[] {
  return [...scans].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** What stops the reading of a scan; nothing does any more once the cohort is open. */
interface Reading {
  signal: AbortSignal | undefined
}

function poolOf(
  scans: readonly ScanSpec[],
  rowsOf: readonly (readonly unknown[])[],
  options: CohortOptions,
  reading: Reading,
): CasePool<OpenScan> {
  const largest = Math.max(0, ...scans.map(({ source }) => voxelCount(source.summary.shape)))
  // int16 HU, and lists of voxels that are as large at most.
  const budget = Math.max(options.budgetBytes ?? defaultBudgetBytes, 6 * largest)
  const open = async (index: number): Promise<OpenScan> => {
    const spec = scans[index]
    const asked = options.lesions ?? 'auto'
    const mode: LesionMode = asked === 'auto' && rowsOf[index].length === 1 ? 'whole' : asked
    const series = await spec.source.open({ signal: reading.signal })
    const { volume, synthetic } = series
    const { lesions, notices } = await readLesions(spec.masks, series, mode, options)
    const voxels = lesions.reduce((sum, lesion) => sum + lesion.voxels.byteLength, 0)
    return { bytes: volume.hu.byteLength + voxels, volume, lesions, notices, synthetic }
  }
  return new CasePool({ open }, budget)
}

async function identityOf({ hu, shape, spacingMm }: Volume): Promise<string> {
  const bytes = new Uint8Array(hu.buffer as ArrayBuffer, hu.byteOffset, hu.byteLength)
  return `${shape.join('×')} ${spacingMm.map(mm => mm.toFixed(3)).join('×')} ${await sha256(bytes)}`
}

function identify({ lesion }: PlacedCase, scan: string, lesions: readonly Lesion[]): Identity {
  if (lesion === null) return { scan, lesion: '' }
  const { voxels } = lesions[lesion]
  return { scan, lesion: `${voxels.length} ${voxels[0]} ${voxels[voxels.length - 1]}` }
}

function toCohort(
  cases: readonly PlacedCase[],
  leftOut: readonly LeftOut[],
  notices: readonly string[],
  table: LabelTable | undefined,
  pool: CasePool<OpenScan>,
  release: () => void,
): LabelledCohort {
  if (cases.length === 0) throw nothingLeft(leftOut)
  const hasLabels = cases.some(({ label }) => label !== null)
  const fromTable = table?.classes.length ? table.classes : malignancyClasses
  return {
    classes: hasLabels ? fromTable : [],
    cases,
    leftOut,
    notices,
    ...(table ? { table: table.info } : {}),
    async open(index) {
      const one = cases[index]
      if (!one) throw new Error(`LabelledCohort: there is no case ${index}.`)
      try {
        return openCase(one, await pool.take(one.scan))
      } catch (error) {
        // The file was there a moment ago: it has been moved, changed or damaged since.
        throw new InputError(
          `${one.id} cannot be opened any more: ${sentenceOf(error, one.id)}`,
          String(error),
        )
      } finally {
        release()
      }
    },
    release: () => pool.clear(),
  }
}

function openCase({ lesion, centreRasMm }: PlacedCase, { volume, lesions }: OpenScan): OpenLabelledCase {
  const paint = (shown: readonly Lesion[]) => {
    const mask = new Uint8Array(volume.hu.length)
    for (const { voxels } of shown) for (const voxel of voxels) mask[voxel] = 1
    return mask
  }
  const others = lesions.filter((one, at) => at !== lesion && one.voxels.length > 0)
  return {
    volume,
    mask: lesion === null ? null : paint([lesions[lesion]]),
    centreRasMm,
    ...(others.length > 0 ? { otherLesions: paint(others) } : {}),
  }
}

function nothingLeft(leftOut: readonly LeftOut[]): InputError {
  const [first] = leftOut
  if (!first)
    return new InputError(
      'There is no labelled scan among these files; scans with masks (X.nii.gz and X_mask.nii.gz, DICOM with SEG or RTSTRUCT, LIDC XML) or with a table of labels (id,label) are expected. Choose the folder that holds both.',
    )
  const more = leftOut.length > 1 ? ` (The same or another reason for ${leftOut.length - 1} more.)` : ''
  return new InputError(`No case can be used: ${first.why}${more}`)
}
