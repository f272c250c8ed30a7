import { describe, expect, it } from 'vitest'
import { rankColumn, tokenTable } from './exportTables.ts'
import { parseView, readViewFile, readViewHash, viewFile, viewHash, type LabView } from './labView.ts'
import { cellAt, cellIndex, spreadCells } from './scanMap.ts'

const view: LabView = {
  model: 'demo',
  identity: 'a'.repeat(64),
  network: 'classify',
  role: 'student',
  scale: 2,
  centre: [102.1, -49.1, 36.125],
  crosshair: [1, 2, -3.5],
  head: 3,
  colours: 'rank',
  noise: 0.7,
  noiseSeed: 5,
  r: 0.65,
  s: 0.1,
  seed: 12,
  mask: 'block',
  shows: 'masks',
  plane: 'coronal',
  layout: 'quad',
  window: [1500, -600],
  opacity: 0.45,
  demo: '',
  scan: [143, 150, 219],
}

describe('a kept view', () => {
  it('comes back the same from its file and from its link', () => {
    expect(readViewFile(viewFile(view))).toEqual(view)
    expect(readViewHash(viewHash(view))).toEqual(view)
    expect(JSON.parse(viewFile(view))).toMatchObject({ notice: 'Research use — not for clinical use' })
    expect(readViewHash('#somewhere')).toBeUndefined()
  })

  it.each([
    [{ identity: 'short' }, "'identity'"],
    [{ r: 1.5 }, "'r' is 1.5"],
    [{ centre: [1, 2] }, "'centre'"],
    [{ demo: '../../secret' }, "'demo'"],
    [{ layout: 'spiral' }, "'layout'"],
  ])('is refused in a sentence with %j', (change, message) => {
    expect(() => parseView({ ...view, ...change })).toThrow(message)
  })

  it('is refused when it is no view at all', () => {
    expect(() => readViewFile('no JSON')).toThrow('the file is no JSON')
    expect(() => readViewFile('{"schemaVersion": 9}')).toThrow('schema version is 9')
    expect(() => readViewHash('#lab?v=1&model=demo')).toThrow("'identity'")
  })
})

const scan = {
  shape: [8, 8, 8],
  spacingMm: [1, 1, 1],
  affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
} as const
// Covers voxels 2…5 on each axis: two cells of two voxels a side.
const crop = { centreRasMm: [3.5, 3.5, 3.5], shape: [4, 4, 4], spacingMm: [1, 1, 1] } as const

describe('cells of a region', () => {
  it('are found from a place, and none where it lies outside', () => {
    expect(cellAt(scan, crop, [2, 2, 2], [2, 4, 5])).toEqual([1, 1, 0]) // (x, y, z) is (w, h, d)
    expect(cellIndex([2, 2, 2], [1, 1, 0])).toBe(6)
    expect(cellIndex([2, 2, 2], cellAt(scan, crop, [2, 2, 2], [7, 4, 4]))).toBeUndefined()
  })

  it('are spread over exactly their voxels of the scan, also at another resolution', () => {
    const values = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8])
    const out = new Float32Array(512)
    spreadCells(values, [2, 2, 2], { low: [2, 2, 2], high: [6, 6, 6] }, scan.shape, out)
    for (const value of values) expect(out.filter(one => one === value)).toHaveLength(8)
    expect(out[(5 * 8 + 2) * 8 + 3]).toBe(5)
    const coarse = new Float32Array(64)
    spreadCells(values, [2, 2, 2], { low: [2, 2, 2], high: [6, 6, 6] }, scan.shape, coarse, [4, 4, 4])
    expect(coarse[(2 * 4 + 1) * 4 + 1]).toBe(5)
    expect(coarse.filter(one => one > 0)).toHaveLength(8)
  })

  it('become rows of a table that says what it is', () => {
    const values = Float32Array.from([0.1, 0.4, 0.2, 0, 0, 0, 0, 0.3])
    const columns = [{ name: 'attention', values, digits: 3 }, rankColumn('rank', values)]
    const lines = tokenTable(scan, crop, [2, 2, 2], ['Model\nX'], columns).split('\n')
    expect(lines.slice(0, 3)).toEqual([
      '# Research use — not for clinical use',
      '# Model X',
      'token,d,h,w,x_ras_mm,y_ras_mm,z_ras_mm,attention,rank',
    ])
    expect(lines[4]).toBe('1,0,0,1,4.50,2.50,2.50,0.4,1')
  })
})
