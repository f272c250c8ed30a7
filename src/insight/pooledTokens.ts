// Token features of one or several scans as one table, so that they are clustered and mapped together: rows of the first scan
// first. What is kept of a scan is plain numbers; its voxels and its name are not among them.
import { InputError } from '../base/errors.ts'
import type { Grid } from '../base/shape.ts'
import { chooseRows } from './embedding.ts'
import { countRows, type Rows } from './kMeans.ts'

/** Labels of a scan's tokens. */
export interface TokenLabelling {
  readonly names: readonly string[]
  /** Of each token, index into `names`; 255 is none. */
  readonly ofTokens: Uint8Array
  /** Whether this is the truth or another computation's opinion. */
  readonly isTruth: boolean
  readonly source: string
}

/** All that is kept of a scan to be clustered with others. */
export interface ScanTokens extends Rows {
  /** The tokens' places, in the scan's own world. */
  readonly grid: Grid
  readonly labels: TokenLabelling | null
  readonly synthetic: boolean
}

/** As many as can be told apart on the map. */
export const mostScans = 6
/** Features of all scans together; clustering copies them once. */
const mostBytes = 256 * 2 ** 20

/** @throws InputError when the scans' features do not fit together or take too much memory. */
export function requirePoolable(scans: readonly Rows[]): void {
  const [{ width }] = scans
  const other = scans.find(scan => scan.width !== width)
  if (other)
    throw new InputError(
      `Features of ${width} and of ${other.width} channels were to be clustered together; read all scans with the same encoder and stage.`,
    )
  const bytes = scans.reduce((sum, { values }) => sum + values.byteLength, 0)
  if (scans.length > mostScans || bytes > mostBytes)
    throw new InputError(
      `The features of ${scans.length} scans take ${Math.round(bytes / 2 ** 20)} MB; at most ${mostScans} scans and ${mostBytes / 2 ** 20} MB are clustered together. Remove a scan, choose a later stage, or read around the region only.`,
    )
}

/** All rows one after the other. @throws InputError as `requirePoolable` does. */
export function poolRows(scans: readonly Rows[]): Rows {
  requirePoolable(scans)
  if (scans.length === 1) return scans[0]
  const values = new Float32Array(scans.reduce((sum, scan) => sum + scan.values.length, 0))
  let at = 0
  for (const scan of scans) {
    values.set(scan.values, at)
    at += scan.values.length
  }
  return { width: scans[0].width, values }
}

/**
 * Labels of all rows under one list of names, which begins with the first scan's, so that its numbers stay. Names that two
 * scans share are one label. Null where no scan has any.
 */
export function poolLabels(scans: readonly ScanTokens[]): TokenLabelling | null {
  const known = scans.flatMap(({ labels }) => labels ?? [])
  if (known.length === 0) return null
  const names = [...new Set(known.flatMap(labels => labels.names))]
  const ofTokens = new Uint8Array(scans.reduce((sum, scan) => sum + countRows(scan), 0)).fill(255)
  let first = 0
  for (const scan of scans) {
    scan.labels?.ofTokens.forEach((label, token) => {
      if (label !== 255) ofTokens[first + token] = names.indexOf(scan.labels!.names[label])
    })
    first += countRows(scan)
  }
  const sources = [...new Set(known.map(({ source }) => source))]
  return { names, ofTokens, isTruth: known.every(({ isTruth }) => isTruth), source: sources.join('; ') }
}

/** Which scan (0-based) each row belongs to. */
export function scansOfRows(sizes: readonly number[]): Uint8Array {
  const scans = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
  let first = 0
  sizes.forEach((size, scan) => {
    scans.fill(scan, first, first + size)
    first += size
  })
  return scans
}

/** About `count` rows, as many of each scan, so that a small one is not lost beside a large one; rising. */
export function chooseEvenly(sizes: readonly number[], count: number, seed: number): Int32Array {
  let first = 0
  const chosen = sizes.flatMap(size => {
    const rows = Array.from(chooseRows(size, Math.floor(count / sizes.length), seed), row => first + row)
    first += size
    return rows
  })
  return Int32Array.from(chosen)
}

export interface RowPlace {
  /** 0-based. */
  readonly scan: number
  /** Flat index of the token in its scan's grid. */
  readonly token: number
}

/** The scan and the token of a row. */
export function placeOfRow(sizes: readonly number[], row: number): RowPlace {
  let token = row
  let scan = 0
  while (scan < sizes.length - 1 && token >= sizes[scan]) token -= sizes[scan++]
  return { scan, token }
}
