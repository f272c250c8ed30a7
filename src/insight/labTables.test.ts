import { describe, expect, it } from 'vitest'
import type { Grid } from '../base/shape.ts'
import { headsCsv, queryCsv, tableHead, tokensCsv } from './labTables.ts'

const tokens: Grid = {
  shape: [1, 1, 2],
  spacingMm: [4, 4, 4],
  affine: [4, 0, 0, 10, 0, 4, 0, 20, 0, 0, 4, 30, 0, 0, 0, 1],
}
const head = tableHead(true, ['made by hand'])
const rowsOf = (text: string) =>
  text
    .trim()
    .split('\r\n')
    .filter(line => !line.startsWith('#'))

describe('the tables of the lab', () => {
  it('say what they must not be used for, and that the scan is synthetic', () => {
    expect(head).toEqual([
      'Research use — not for clinical use',
      'Synthetic scan, no patient',
      'made by hand',
    ])
    expect(tableHead(false, [])).toEqual(['Research use — not for clinical use'])
  })

  it('list a query’s keys with their places', () => {
    const query = {
      ...{ query: [0, 0, 1] as const, weights: Float32Array.of(0.25, 0.5), isKey: Uint8Array.of(0, 1) },
      ...{ largest: 0.5, tokens: 1, padding: { keys: 63, weight: 0.5 }, masked: 0 },
    }
    const text = queryCsv(head, query, tokens)
    expect(text.startsWith('# Research use — not for clinical use\r\n')).toBe(true)
    expect(rowsOf(text)).toEqual([
      'token_d,token_h,token_w,r_mm,a_mm,s_mm,attention',
      '0,0,1,14,20,30,0.500000',
    ])
  })

  it('list heads of both checkpoints, counted from 1, as many cells as columns', () => {
    const spread = { mean: 2, low: 1, high: 3.5 }
    const figure = {
      ...{ stage: 3, block: 1, head: 7, queries: 8, paddingShare: 0.25 },
      ...{ distanceMm: spread, distanceVoxels: spread, entropyBits: spread },
    }
    const text = headsCsv(head, [
      { title: 'A, trained', figures: [figure] },
      { title: 'B', figures: [figure, figure] },
    ])
    const [columns, first, ...more] = rowsOf(text)
    expect(first).toBe('"A, trained",4,2,8,8,2,1,3.50000,2,1,3.50000,2,1,3.50000,0.250000')
    expect(more).toHaveLength(2)
    expect(more[0].split(',')).toHaveLength(columns.split(',').length)
  })

  it('list tokens with their cluster from 1, their label, and their place on the map where they have one', () => {
    const table = {
      ...{
        scans: [{ grid: tokens, tokens: 2 }],
        clusters: Uint8Array.of(2, 0),
        chosen: Int32Array.of(1),
        points: Float32Array.of(0.5, -1),
      },
      labels: { names: ['lung'], ofTokens: Uint8Array.of(255, 0) },
    }
    expect(rowsOf(tokensCsv(head, table)).slice(1)).toEqual([
      'Scan 1,0,0,0,10,20,30,3,,,',
      'Scan 1,0,0,1,14,20,30,1,lung,0.500000,-1',
    ])
  })
})
