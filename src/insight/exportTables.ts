// The lab's numbers as CSV: comment lines that say what they are, one row a token.
import type { Grid, Triple } from '../base/shape.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import type { LabCrop } from './labCrop.ts'
import { gridInCrop } from './labCrop.ts'
import { rankedTokens } from '../tokens/tokenDraw.ts'

export const RESEARCH_USE = 'Research use — not for clinical use'

/** A column of one number a token. */
export interface Column {
  readonly name: string
  readonly values: ArrayLike<number>
  /** Significant digits; whole numbers as they are where left out. */
  readonly digits?: number
}

function cell({ values, digits }: Column, token: number): string {
  const value = values[token]
  return digits === undefined ? String(value) : String(Number(value.toPrecision(digits)))
}

/** Rank of each token by descending value, 1 for the largest. */
export function rankColumn(name: string, values: Float32Array): Column {
  const ranks = new Int32Array(values.length)
  rankedTokens(values).forEach((token, rank) => (ranks[token] = rank + 1))
  return { name, values: ranks }
}

/** CSV of a token grid that fills `crop` on `scan`: index, place in tokens and in RAS mm, then the columns. */
export function tokenTable(
  scan: Grid,
  crop: LabCrop,
  tokens: Triple,
  remarks: readonly string[],
  columns: readonly Column[],
): string {
  const { affine } = gridInCrop(scan, crop, tokens)
  const head = [
    'token',
    'd',
    'h',
    'w',
    'x_ras_mm',
    'y_ras_mm',
    'z_ras_mm',
    ...columns.map(({ name }) => name),
  ]
  const rows: string[] = []
  let token = 0
  for (let d = 0; d < tokens[0]; d++)
    for (let h = 0; h < tokens[1]; h++)
      for (let w = 0; w < tokens[2]; w++, token++) {
        const centre = voxelToRasMm(affine, [d, h, w]).map(mm => mm.toFixed(2))
        rows.push([token, d, h, w, ...centre, ...columns.map(column => cell(column, token))].join(','))
      }
  const comments = [RESEARCH_USE, ...remarks].map(line => `# ${line.replace(/[\r\n]+/g, ' ')}`)
  return [...comments, head.join(','), ...rows, ''].join('\n')
}
