// What the lab's views of windows, heads and features give away as CSV: a head of sentences that begin with "#", then columns
// with their units.
import type { Grid, Triple } from '../base/shape.ts'
import { researchNotice } from '../prediction/pipelineVersion.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import type { HeadFigure } from './headDiversity.ts'
import { placeOfRow } from './pooledTokens.ts'
import type { QueryAttention } from './queryAttention.ts'
import { tokenAt } from './tokenGrid.ts'

type Cell = string | number

/** Sentences about a table: whose it is, how it came about, and what it must not be used for. */
export function tableHead(synthetic: boolean, lines: readonly string[]): string[] {
  return [researchNotice, ...(synthetic ? ['Synthetic scan, no patient'] : []), ...lines]
}

function cellText(cell: Cell): string {
  if (typeof cell === 'number') return Number.isInteger(cell) ? String(cell) : cell.toPrecision(6)
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** RFC 4180 rows under a commented head. */
export function writeCsv(
  head: readonly string[],
  columns: readonly string[],
  rows: Iterable<readonly Cell[]>,
): string {
  const lines = head.map(line => `# ${line.replaceAll('\n', ' ')}`)
  lines.push(columns.join(','))
  for (const row of rows) lines.push(row.map(cellText).join(','))
  return `${lines.join('\r\n')}\r\n`
}

const millimetres = (tokens: Grid, token: Triple) => voxelToRasMm(tokens.affine, token)

/** One row a key of the query's window: where it stands, and the attention that it gets. */
export function queryCsv(head: readonly string[], query: QueryAttention, tokens: Grid): string {
  const keys = Array.from(query.isKey.keys()).filter(token => query.isKey[token] === 1)
  return writeCsv(
    head,
    ['token_d', 'token_h', 'token_w', 'r_mm', 'a_mm', 's_mm', 'attention'],
    keys.map(key => {
      const token = tokenAt(key, tokens.shape)
      return [...token, ...millimetres(tokens, token), query.weights[key]]
    }),
  )
}

/** One row a head; checkpoints one after the other. Stages, blocks and heads are counted from 1. */
export function headsCsv(
  head: readonly string[],
  checkpoints: readonly { readonly title: string; readonly figures: readonly HeadFigure[] }[],
): string {
  return writeCsv(
    head,
    [
      'checkpoint,stage,block,head,queries',
      'distance_mm,distance_mm_p10,distance_mm_p90',
      'distance_voxels,distance_voxels_p10,distance_voxels_p90',
      'entropy_bits,entropy_bits_p10,entropy_bits_p90,padding_share',
    ],
    checkpoints.flatMap(({ title, figures }) =>
      figures.map(one => {
        const spread = ({ mean, low, high }: HeadFigure['distanceMm']) => [mean, low, high]
        return [
          ...[title, one.stage + 1, one.block + 1, one.head + 1, one.queries],
          ...[
            ...spread(one.distanceMm),
            ...spread(one.distanceVoxels),
            ...spread(one.entropyBits),
            one.paddingShare,
          ],
        ]
      }),
    ),
  )
}

export interface TokenTable {
  readonly scans: readonly { readonly grid: Grid; readonly tokens: number }[]
  readonly clusters: Uint8Array
  readonly chosen: Int32Array
  readonly points: Float32Array
  readonly labels: { readonly names: readonly string[]; readonly ofTokens: Uint8Array } | null
}

/**
 * One row a token: its scan by number, its place in that scan, cluster (from 1), label, and its place on the map where it is
 * on it.
 */
export function tokensCsv(
  head: readonly string[],
  { scans, clusters, chosen, points, labels }: TokenTable,
): string {
  const onMap = new Map(Array.from(chosen, (row, i) => [row, i]))
  const sizes = scans.map(({ tokens }) => tokens)
  return writeCsv(
    head,
    ['scan,token_d,token_h,token_w,r_mm,a_mm,s_mm', 'cluster,label,umap_1,umap_2'],
    Array.from(clusters, (cluster, row) => {
      const { scan, token: index } = placeOfRow(sizes, row)
      const { grid } = scans[scan]
      const token = tokenAt(index, grid.shape)
      const at = onMap.get(row)
      const place = at === undefined ? ['', ''] : [points[2 * at], points[2 * at + 1]]
      const label = labels?.names[labels.ofTokens[row]] ?? ''
      return [`Scan ${scan + 1}`, ...token, ...millimetres(grid, token), cluster + 1, label, ...place]
    }),
  )
}
