// Where NIfTI-1 and -2 place a voxel. Expected positions follow nifti1.h: the sform's rows, the qform's rotation (method
// 2), or pixdim alone; all of them RAS.
import { describe, expect, it } from 'vitest'
import type { Triple } from '../base/shape.ts'
import type { PointMm } from './geometry.ts'
import { voxelToRasMm } from './geometry.ts'
import { lpsForm, lpsPlace, makeNifti } from './testNifti.ts'
import { expectPhantomAt, memoryFile, openBytes, refusalOf } from './testScans.ts'

const refusal = (bytes: Uint8Array) => refusalOf([memoryFile('scan.nii', bytes)])

describe('NIfTI geometry', () => {
  it('takes the sform and turns left and posterior axes round', async () => {
    const series = await openBytes('scan.nii', makeNifti({ sform: lpsForm }))
    expect(series.warnings).toEqual([])
    expect(series.fileGrid.affine).toEqual([...lpsForm, 0, 0, 0, 1])
    expect(series.fileGrid.flips).toEqual([false, true, true])
    expect(series.volume.spacingMm).toEqual([4, 2, 0.5])
    // Memory is R+ A+ S+: its first voxel is the file's last column and row.
    expect(voxelToRasMm(series.volume.affine, [0, 0, 0])).toEqual([8.5, 12, -30])
    expectPhantomAt(series, lpsPlace)
  })

  it('turns a sagittal file, whose fastest axis runs from front to back', async () => {
    // Columns of the file run P, rows I, slices R.
    const sform = [0, 0, 4, 1, -0.5, 0, 0, 2, 0, -2, 0, 3]
    const series = await openBytes('scan.nii', makeNifti({ sform }))
    expect(series.fileGrid.axes).toEqual([1, 2, 0])
    expect(series.volume.shape).toEqual([5, 4, 3])
    expectPhantomAt(series, ([d, h, w]) => [1 + 4 * d, 2 - 0.5 * w, 3 - 2 * h])
  })

  it('keeps an oblique scan oblique', async () => {
    // 30° about the z axis: cos 30° = 0.8660254, sin 30° = 0.5, times the steps 0.5 and 2 mm.
    const [c, s] = [Math.cos(Math.PI / 6), 0.5]
    const series = await openBytes(
      'scan.nii',
      makeNifti({ sform: [0.5 * c, -2 * s, 0, 0, 0.5 * s, 2 * c, 0, 0, 0, 0, 4, 0] }),
    )
    expect(series.fileGrid.axes).toEqual([0, 1, 2])
    expect(series.volume.spacingMm.map(mm => +mm.toFixed(6))).toEqual([4, 2, 0.5])
    expectPhantomAt(series, ([d, h, w]) => [0.5 * c * w - 2 * s * h, 0.5 * s * w + 2 * c * h, 4 * d])
  })

  it.each([
    ['no turn', [0, 0, 0], 1, ([d, h, w]: Triple): PointMm => [0.5 * w, 2 * h, 4 * d]],
    ['180° about z', [0, 0, 1], 1, ([d, h, w]: Triple): PointMm => [-0.5 * w, -2 * h, 4 * d]],
    ['180° about y', [0, 1, 0], 1, ([d, h, w]: Triple): PointMm => [-0.5 * w, 2 * h, -4 * d]],
    [
      'a mirrored slice axis (qfac −1)',
      [0, 0, 0],
      -1,
      ([d, h, w]: Triple): PointMm => [0.5 * w, 2 * h, -4 * d],
    ],
    [
      '90° about x',
      [Math.SQRT1_2, 0, 0],
      1,
      ([d, h, w]: Triple): PointMm => [0.5 * w, -4 * d, 2 * h], // y → z, z → −y
    ],
  ] as const)('takes the qform where there is no sform: %s', async (_, quaternion, qfac, turn) => {
    const offset = [7, -8, 9]
    const series = await openBytes(
      'scan.nii',
      makeNifti({ qform: [...quaternion, ...offset], pixdim: [qfac, 0.5, 2, 4] }),
    )
    expect(series.warnings).toEqual([])
    expectPhantomAt(series, voxel => turn(voxel).map((mm, i) => mm + offset[i]) as unknown as PointMm)
  })

  it('prefers the sform to the qform and says when they disagree', async () => {
    const series = await openBytes(
      'scan.nii',
      makeNifti({ sform: lpsForm, qform: [0, 0, 0, 0, 0, 0], qformCode: 2 }),
    )
    expectPhantomAt(series, lpsPlace)
    expect(series.warnings).toEqual([expect.stringMatching(/two orientations.*sform was used/)])
  })

  it('says nothing when sform and qform agree', async () => {
    // 180° about z with the sform's origin is what lpsForm says.
    const series = await openBytes('scan.nii', makeNifti({ sform: lpsForm, qform: [0, 0, 1, 10, 20, -30] }))
    expect(series.warnings).toEqual([])
  })

  it('ignores an sform whose code is 0', async () => {
    const fields = { sform: lpsForm, sformCode: 0, qform: [0, 0, 0, 1, 2, 3] }
    const series = await openBytes('scan.nii', makeNifti(fields))
    expectPhantomAt(series, ([d, h, w]) => [1 + 0.5 * w, 2 + 2 * h, 3 + 4 * d])
  })

  it('opens a scan without orientation codes with a warning, RAS assumed', async () => {
    const series = await openBytes('scan.nii', makeNifti())
    expect(series.warnings).toEqual([
      expect.stringMatching(/does not say how it is oriented.*RAS order was assumed/),
    ])
    expectPhantomAt(series, ([d, h, w]) => [0.5 * w, 2 * h, 4 * d])
  })

  it.each([
    ['unknown, taken as mm', 0, 1],
    ['metres', 1, 1000],
    ['millimetres', 2, 1],
    ['micrometres', 3, 0.001],
    ['micrometres with seconds', 3 + 8, 0.001],
  ] as const)('reads lengths in %s', async (_, units, mm) => {
    const length = 1 / mm
    const sform = [-0.5, 0, 0, 10, 0, -2, 0, 20, 0, 0, 4, -30].map(value => value * length)
    const series = await openBytes('scan.nii', makeNifti({ sform, units }))
    // float32 in the file: a relative 6e-8 of at most 30 mm.
    series.volume.spacingMm.forEach((spacing, i) => expect(spacing).toBeCloseTo([4, 2, 0.5][i], 5))
    expectPhantomAt(series, lpsPlace)
  })

  it.each([
    ['zero spacing', { pixdim: [1, 0, 2, 4] }],
    ['axes that fall together', { sform: [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0] }],
    ['axes that nearly fall together', { sform: [1, 1, 0, 0, 1, 1.0001, 0, 0, 0, 0, 1, 0] }],
    ['an affine that is not a number', { sform: [NaN, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] }],
  ])('refuses %s', async (_, fields) => {
    expect(await refusal(makeNifti(fields))).toMatch(/does not say the size of its voxels.*Convert/)
  })
})
