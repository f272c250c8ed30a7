// What is written lies on what was read: all 48 ways in which a file's axes can run, there and back.
import { gunzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { Affine, Grid, Triple } from '../base/shape.ts'
import { layFileGrid } from './fileGrid.ts'
import { rasMmToVoxel, voxelToRasMm } from './geometry.ts'
import { makeNifti } from './testNifti.ts'
import { everyVoxel, openBytes, phantomShape, phantomValues } from './testScans.ts'
import type { NiftiData } from './writeNifti.ts'
import { toFileGrid, writeNifti } from './writeNifti.ts'

const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]
const signs = [0, 1, 2, 3, 4, 5, 6, 7].map(bits => [1, 2, 4].map(bit => (bits & bit ? -1 : 1)))

/** Every way for the file's w, h, d to run along x, y, z or back; steps 0.5, 2, 4 mm, so that none can be mistaken. */
const orientations = permutations.flatMap(worldAxes =>
  signs.map(sign => {
    const rows = [0, 1, 2].map(world => [
      ...[0, 1, 2].map(column => (worldAxes[column] === world ? sign[column] * [0.5, 2, 4][column] : 0)),
      [10, -20, 30][world],
    ])
    const title = worldAxes.map((world, column) => (sign[column] > 0 ? 'RAS' : 'LPI')[world]).join('')
    return [title, rows.flat().map(value => value + 0)] as const
  }),
)

/** The numbers of a written header, read by nifti1.h's offsets. */
function readBack(packed: Uint8Array) {
  const bytes = gunzipSync(packed)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    bytes,
    view,
    dims: Array.from({ length: 8 }, (_, i) => view.getInt16(40 + 2 * i, true)),
    pixdim: Array.from({ length: 4 }, (_, i) => view.getFloat32(76 + 4 * i, true)),
    sform: Array.from({ length: 12 }, (_, i) => view.getFloat32(280 + 4 * i, true)),
  }
}

describe('writing on the file’s grid', () => {
  it('meets 48 different orientations below', () => {
    expect(new Set(orientations.map(([title]) => title)).size).toBe(48)
  })

  it.each(orientations)(
    'gives a file that runs %s back voxel by voxel, with its affine',
    async (_, sform) => {
      const values = phantomValues()
      const series = await openBytes('scan.nii', makeNifti({ sform }))
      const { volume, fileGrid } = series
      // Memory runs R, A, S whatever the file does.
      ;[0, 5, 10].forEach((diagonal, i) => expect(volume.affine[diagonal]).toBe(volume.spacingMm[2 - i]))
      const labels = toFileGrid(volume.hu, volume.shape, fileGrid)
      expect([...labels]).toEqual(values)
      const written = readBack(writeNifti(labels, fileGrid))
      expect(written.sform).toEqual(sform)
      expect(written.pixdim.slice(1)).toEqual([0.5, 2, 4])
      const again = await openBytes('written.nii.gz', writeNifti(labels, fileGrid))
      expect(again.fileGrid).toEqual(fileGrid)
      expect(again.volume.hu).toEqual(volume.hu)
      expect(again.volume.affine).toEqual(volume.affine)
    },
  )

  it('keeps an oblique affine, and every voxel where it was', async () => {
    // Columns and rows turned by 20° about z, then a shear along the table as a tilted gantry makes it.
    const [c, s] = [Math.cos(Math.PI / 9), Math.sin(Math.PI / 9)]
    const affine: Affine = [-0.5 * c, -2 * s, 0, 10, 0.5 * s, -2 * c, 1, 20, 0, 0, 4, -30, 0, 0, 0, 1]
    const series = await openBytes('scan.nii', makeNifti({ sform: affine.slice(0, 12) }))
    const { volume, fileGrid } = series
    expect(fileGrid.flips).toEqual([false, true, true])
    fileGrid.affine.forEach((value, i) => expect(value).toBeCloseTo(affine[i], 6)) // float32 in the file
    const back = toFileGrid(volume.hu, volume.shape, fileGrid)
    const { shape } = volume
    for (const voxel of everyVoxel(phantomShape)) {
      const at = rasMmToVoxel(volume.affine, voxelToRasMm(fileGrid.affine, voxel)).map(Math.round)
      const inMemory = volume.hu[(at[0] * shape[1] + at[1]) * shape[2] + at[2]]
      const [, H, W] = phantomShape
      expect(back[(voxel[0] * H + voxel[1]) * W + voxel[2]]).toBe(inMemory)
    }
  })

  it('chooses whole axes even where a grid stands at 45°', () => {
    const r = Math.SQRT1_2
    const { fileGrid, memory } = layFileGrid([3, 4, 5], [r, -r, 0, 0, r, r, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
    expect([...fileGrid.axes].sort()).toEqual([0, 1, 2])
    expect([...memory.shape].sort()).toEqual([3, 4, 5])
  })

  it('refuses data of another shape', () => {
    const { fileGrid } = layFileGrid([3, 5, 4], [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1])
    expect(() => toFileGrid(new Int16Array(60), [3, 5, 4], fileGrid)).toThrow(
      /expected 4 × 5 × 3 voxels, got 3/,
    )
  })
})

describe('writeNifti', () => {
  const grid: Grid = {
    shape: [2, 3, 4],
    spacingMm: [4, 2, 0.5],
    affine: [0.5, 0, 0, 1, 0, 2, 0, 2, 0, 0, 4, 3, 0, 0, 0, 1],
  }
  const numbers = Array.from({ length: 24 }, (_, i) => 10 * i)

  // Codes and bits of nifti1.h.
  it.each([
    ['uint8', Uint8Array.from(numbers), 2, 8],
    ['int16', Int16Array.from(numbers), 4, 16],
    ['uint16', Uint16Array.from(numbers), 512, 16],
    ['int32', Int32Array.from(numbers), 8, 32],
    ['float32', Float32Array.from(numbers), 16, 32],
  ] as [string, NiftiData, number, number][])('writes %s', async (_, data, code, bits) => {
    const { view, bytes, dims } = readBack(writeNifti(data, grid))
    expect(view.getInt32(0, true)).toBe(348)
    expect(dims).toEqual([3, 4, 3, 2, 1, 1, 1, 1])
    expect([view.getInt16(70, true), view.getInt16(72, true)]).toEqual([code, bits])
    expect(view.getFloat32(108, true)).toBe(352)
    expect([view.getInt16(252, true), view.getInt16(254, true)]).toEqual([0, 1])
    expect(new TextDecoder().decode(bytes.subarray(344, 348))).toBe('n+1\0')
    expect(bytes.length).toBe(352 + data.byteLength)
    const series = await openBytes('written.nii.gz', writeNifti(data, grid))
    expect([...series.volume.hu]).toEqual(numbers)
  })

  it('writes only the part of a buffer that it was given', () => {
    const whole = Int16Array.from([...numbers, ...numbers.map(value => value + 1)])
    const { bytes } = readBack(writeNifti(whole.subarray(24), grid))
    expect(new Int16Array(bytes.slice(352).buffer)[0]).toBe(1)
  })

  it('writes scaling that a reader applies', async () => {
    const packed = writeNifti(Uint8Array.from(numbers), grid, { slope: 2, intercept: -1000 })
    expect([...(await openBytes('written.nii.gz', packed)).volume.hu]).toEqual(
      numbers.map(value => 2 * value - 1000),
    )
  })

  it('cuts a description at 79 characters and keeps it ASCII', () => {
    const { bytes } = readBack(
      writeNifti(Uint8Array.from(numbers), grid, { description: `ä${'x'.repeat(100)}` }),
    )
    expect(new TextDecoder().decode(bytes.subarray(148, 228))).toBe(`-${'x'.repeat(78)}\0`)
  })

  it('refuses data of another size', () => {
    expect(() => writeNifti(new Uint8Array(23), grid)).toThrow(/expected 24 voxels for 2 × 3 × 4, got 23/)
  })

  it('keeps positions to 0.001 mm far from the origin', async () => {
    const affine: Affine = [
      0.703125, 0, 0, -1234.567, 0, 0.703125, 0, 987.654, 0, 0, 1.25, -1876.543, 0, 0, 0, 1,
    ]
    const shape: Triple = [2, 3, 4]
    const far: Grid = { shape, spacingMm: [1.25, 0.703125, 0.703125], affine }
    const series = await openBytes('written.nii.gz', writeNifti(Uint8Array.from(numbers), far))
    // float32 keeps 24 bits: 2000 mm to 0.0001 mm.
    series.volume.affine.forEach((value, i) => expect(Math.abs(value - affine[i])).toBeLessThan(0.001))
  })
})
