import { describe, expect, it } from 'vitest'
import type { Grid, Triple } from '../base/shape.ts'
import {
  chooseEvenly,
  mostScans,
  placeOfRow,
  poolLabels,
  poolRows,
  requirePoolable,
  scansOfRows,
  type ScanTokens,
} from './pooledTokens.ts'

function scanOf(shape: Triple, first: number, names: readonly string[] | null): ScanTokens {
  const grid: Grid = { shape, spacingMm: [8, 8, 8], affine: [8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1] }
  const count = shape[0] * shape[1] * shape[2]
  const values = Float32Array.from({ length: 2 * count }, (_, i) => first + i)
  const ofTokens = Uint8Array.from({ length: count }, (_, token) => (token === 0 ? 255 : token % 2))
  const labels = names && { names, ofTokens, isTruth: names[0] === 'outside', source: names.join('+') }
  return { grid, width: 2, values, labels, synthetic: true }
}

describe('tokens of several scans', () => {
  const one = scanOf([1, 2, 2], 0, ['outside', 'lungs'])
  const two = scanOf([1, 1, 3], 100, ['not lung', 'lungs'])
  const sizes = [4, 3]

  it('stand one after the other, and every row knows its scan and its token', () => {
    expect(Array.from(poolRows([one, two]).values)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6, 7],
      ...[100, 101, 102, 103, 104, 105],
    ])
    expect(Array.from(scansOfRows(sizes))).toEqual([0, 0, 0, 0, 1, 1, 1])
    expect(placeOfRow(sizes, 3)).toEqual({ scan: 0, token: 3 })
    expect(placeOfRow(sizes, 4)).toEqual({ scan: 1, token: 0 })
    expect(placeOfRow(sizes, 6)).toEqual({ scan: 1, token: 2 })
  })

  it('share labels of one name, and the first scan’s numbers stay', () => {
    const pooled = poolLabels([one, two])!
    expect(pooled.names).toEqual(['outside', 'lungs', 'not lung'])
    expect(Array.from(pooled.ofTokens)).toEqual([255, 1, 0, 1, 255, 1, 2])
    expect(pooled.isTruth).toBe(false)
    expect(poolLabels([one, scanOf([1, 1, 2], 0, null)])!.ofTokens).toEqual(
      Uint8Array.of(255, 1, 0, 1, 255, 255),
    )
    expect(poolLabels([scanOf([1, 1, 2], 0, null)])).toBeNull()
  })

  it('come to the map in equal numbers, however large their scans', () => {
    const chosen = Array.from(chooseEvenly([1000, 50, 4], 60, 3))
    expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b))
    const count = (from: number, to: number) => chosen.filter(row => row >= from && row < to).length
    expect([count(0, 1000), count(1000, 1050), count(1050, 1054)]).toEqual([20, 20, 4])
  })

  it('are refused in a sentence where they do not fit together or into memory', () => {
    expect(() => requirePoolable([one, { width: 4, values: new Float32Array(8) }])).toThrow(
      /2 and of 4 channels.*same encoder and stage/,
    )
    expect(() => requirePoolable(Array.from({ length: mostScans + 1 }, () => one))).toThrow(/at most 6 scans/)
    const large = { width: 2, values: { length: 2 ** 26, byteLength: 2 ** 28 } as Float32Array }
    expect(() => requirePoolable([one, large])).toThrow(/take 256 MB; .* Remove a scan/)
  })
})
