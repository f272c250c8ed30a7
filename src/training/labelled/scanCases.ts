// The lesions of a scan and the rows of a table that speak of it become cases.
import type { Grid } from '../../base/shape.ts'
import { rasMmToVoxel, voxelToRasMm, type PointMm } from '../../volume/geometry.ts'
import type { LabelledCase, LeftOut } from './cohort.ts'
import { labelOfRating } from './labelClasses.ts'
import type { LabelRow } from './labelTable.ts'
import type { Lesion } from './lesion.ts'
import { equivalentDiameterMm, lesionVolumeMm3 } from './lesion.ts'
import type { ScanSpec } from './pairScans.ts'

/** A case and where its voxels are. */
export interface PlacedCase extends LabelledCase {
  readonly scan: number
  /** Index into the scan's lesions; null where the case has no mask. */
  readonly lesion: number | null
  readonly centreRasMm: PointMm
}

export interface ScanCases {
  readonly cases: readonly PlacedCase[]
  readonly leftOut: readonly LeftOut[]
  readonly notices: readonly string[]
}

export interface ScanFacts {
  readonly spec: ScanSpec
  readonly scan: number
  readonly grid: Grid
  readonly lesions: readonly Lesion[]
  readonly rows: readonly LabelRow[]
  /** Readers' ratings label the lesions that no row speaks of. */
  readonly usesRatings: boolean
  readonly synthetic: boolean
}

/** A table's position this far from the edge of a lesion still means it, mm. */
const reachMm = 5
/** Without a mask or a position, the middle of a scan larger than this is not where the lesion is, mm. */
const largestBoxMm = 160

interface Pair {
  readonly row: LabelRow | null
  readonly lesion: number | null
}

export function casesOfScan(facts: ScanFacts): ScanCases {
  const { spec, lesions, rows } = facts
  const leftOut: LeftOut[] = []
  const notices: string[] = []
  if (rows.length === 0 && lesions.length === 0)
    return {
      cases: [],
      leftOut: [
        {
          id: spec.name,
          why: `${spec.name} has neither a mask nor a label, so nothing can be learnt from it.`,
        },
      ],
      notices,
    }
  const pairs = pairUp(facts, leftOut, notices)
  const count = pairs.length
  const cases = pairs.flatMap((pair, i) => {
    const id = count === 1 ? spec.name : `${spec.name} ${nameOf(lesions, pair) ?? `#${i + 1}`}`
    const centreRasMm = centreOf(facts, pair)
    if (centreRasMm !== null) return [toCase(facts, pair, id, centreRasMm)]
    leftOut.push({ id, why: nowhere(id) })
    return []
  })
  if (lesions.length === 0 && cases.length > 0 && rows.every(row => row.centreRasMm === null))
    notices.push(
      `${spec.name} has no mask: it can be classified but not segmented, and its middle is taken for the lesion’s.`,
    )
  return { cases, leftOut, notices }
}

function nameOf(lesions: readonly Lesion[], { lesion }: Pair): string | null {
  if (lesion === null) return null
  const { name } = lesions[lesion]
  return name !== null && lesions.filter(other => other.name === name).length === 1 ? name : `#${lesion + 1}`
}

function nowhere(id: string): string {
  return `${id} has a label but neither a mask nor a position, and the scan is too large for its middle to be the lesion; add a mask, or columns coordX, coordY, coordZ (LPS mm).`
}

function pairUp(facts: ScanFacts, leftOut: LeftOut[], notices: string[]): Pair[] {
  const { spec, lesions, rows } = facts
  const each = lesions.map((_, lesion) => lesion)
  if (rows.length === 0) return each.map(lesion => ({ row: null, lesion }))
  const isPlaced = rows.every(row => row.lesion !== null || row.centreRasMm !== null)
  if (!isPlaced && rows.length === 1) {
    const [row] = rows
    if (lesions.length > 1)
      notices.push(
        `${spec.name} has one row in the table and ${lesions.length} lesions: all of them got its label.`,
      )
    return lesions.length === 0 ? [{ row, lesion: null }] : each.map(lesion => ({ row, lesion }))
  }
  if (!isPlaced) {
    const isOneLabel = rows.every(row => row.label === rows[0].label)
    if (isOneLabel && lesions.length <= 1) {
      notices.push(
        `${spec.name} has ${rows.length} rows in the table that say the same; the first was taken.`,
      )
      return [{ row: rows[0], lesion: lesions.length === 1 ? 0 : null }]
    }
    leftOut.push({ id: spec.name, why: severalRows(spec.name, rows.length, lesions.length) })
    return []
  }
  return rows.flatMap((row, i): Pair[] => {
    const lesion = lesionOfRow(facts, row)
    if (lesion !== null || (row.centreRasMm !== null && lesions.length === 0)) return [{ row, lesion }]
    leftOut.push({ id: `${spec.name} row ${i + 1}`, why: noLesion(spec.name, row) })
    return []
  })
}

function severalRows(name: string, rows: number, lesions: number): string {
  return `${name} has ${rows} rows in the table and ${lesions} ${lesions === 1 ? 'lesion' : 'lesions'}, and nothing says which row means which; a column “lesion” with the value in the mask, or coordX, coordY, coordZ (LPS mm), is expected.`
}

function noLesion(name: string, row: LabelRow): string {
  const place = row.lesion === null ? 'at the position' : `with the number ${row.lesion}`
  return `${name} has no lesion in its mask ${place} that a row of the table states; correct the row or the mask.`
}

function lesionOfRow({ lesions, grid }: ScanFacts, row: LabelRow): number | null {
  if (row.lesion !== null) {
    const byValue = lesions.findIndex(({ value }) => value === row.lesion)
    if (byValue >= 0) return byValue
    return lesions.every(({ value }) => value === null) && row.lesion <= lesions.length
      ? row.lesion - 1
      : null
  }
  const point = row.centreRasMm!
  const distances = lesions.map(({ centreRasMm, voxels }) => {
    const radius = equivalentDiameterMm(lesionVolumeMm3(voxels, grid)) / 2
    return Math.hypot(...centreRasMm.map((mm, axis) => mm - point[axis])) - radius
  })
  const nearest = distances.indexOf(Math.min(...distances))
  return nearest >= 0 && distances[nearest] < reachMm ? nearest : null
}

function centreOf({ lesions, grid }: ScanFacts, { row, lesion }: Pair): PointMm | null {
  if (lesion !== null) return lesions[lesion].centreRasMm
  if (row?.centreRasMm) return isInside(grid, row.centreRasMm) ? row.centreRasMm : null
  const isSmall = grid.shape.every((size, axis) => size * grid.spacingMm[axis] <= largestBoxMm)
  const [d, h, w] = grid.shape.map(size => (size - 1) / 2)
  return isSmall ? voxelToRasMm(grid.affine, [d, h, w]) : null
}

function isInside(grid: Grid, point: PointMm): boolean {
  return rasMmToVoxel(grid.affine, point).every((at, axis) => at > -0.5 && at < grid.shape[axis] - 0.5)
}

function toCase(facts: ScanFacts, { row, lesion }: Pair, id: string, centreRasMm: PointMm): PlacedCase {
  const { spec, scan, grid, synthetic } = facts
  const shown = lesion === null ? null : facts.lesions[lesion]
  const isMasked = shown !== null && shown.voxels.length > 0
  const rating = facts.usesRatings ? (shown?.rating ?? null) : null
  const rated = rating === null ? { label: null, isIndeterminate: false } : labelOfRating(rating)
  const { label, isIndeterminate } = row ?? rated
  return {
    id,
    patient: row?.patient ?? spec.patient ?? row?.id ?? spec.name,
    label,
    isIndeterminate,
    hasMask: isMasked,
    volumeMm3: isMasked ? lesionVolumeMm3(shown.voxels, grid) : (row?.volumeMm3 ?? null),
    synthetic,
    grid: { shape: grid.shape, spacingMm: grid.spacingMm },
    ...(row?.split ? { split: row.split } : {}),
    scan,
    lesion: isMasked ? lesion : null,
    centreRasMm,
  }
}
