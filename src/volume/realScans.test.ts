// Whole real scans, all in this one place: they are what takes time. Skipped by name where ../shared/data is missing.
import { describe, expect, it } from 'vitest'
import { rasMmToVoxel, rasToLps, voxelToRasMm } from './geometry.ts'
import { isMissing, openReal, realFiles, refusalOf } from './testScans.ts'

/** Voxels that differ; vitest's own comparison takes half a minute for a scan. */
function differences(a: Int16Array, b: Int16Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} voxels cannot be compared with ${b.length}`)
  return a.reduce((count, hu, i) => count + (hu === b[i] ? 0 : 1), 0)
}

const lidc = 'lidc-idri-0001/LIDC-IDRI-0001.zip'
const ibsi = 'ibsi-1-ct'

describe.skipIf(isMissing(lidc))(`LIDC-IDRI-0001 (../shared/data/${lidc})`, () => {
  it('is 133 slices with a fifth of padding, and soft tissue where LUNA16 has its nodule', async () => {
    const { volume, fileGrid, paddedVoxels, hu, warnings, modality } = await openReal(lidc)
    // Shape, spacing and share of padding: ../shared/data/README.md.
    expect(modality).toBe('CT')
    expect(fileGrid.shape).toEqual([133, 512, 512])
    fileGrid.spacingMm.forEach((mm, i) => expect(mm).toBeCloseTo([2.5, 0.703125, 0.703125][i], 6))
    // 21 % of voxels are −2048 in the files: found by value although the tag says −2000.
    expect(paddedVoxels / volume.hu.length).toBeGreaterThan(0.2)
    expect(paddedVoxels / volume.hu.length).toBeLessThan(0.22)
    expect(hu.min).toBe(-1024)
    expect(warnings).toEqual([])
    // LUNA16's annotations.csv: centre in LPS mm, diameter 23.35 mm.
    const centre = rasMmToVoxel(volume.affine, rasToLps([56.208, 86.343, -115.868])).map(Math.round)
    const [, H, W] = volume.shape
    const inside: number[] = []
    for (let d = -1; d <= 1; d++)
      for (let h = -4; h <= 4; h++)
        for (let w = -4; w <= 4; w++)
          inside.push(volume.hu[((centre[0] + d) * H + centre[1] + h) * W + centre[2] + w])
    inside.sort((a, b) => a - b)
    // Its middle 6 × 6 × 8 mm: a solid nodule, contrast given.
    const median = inside[inside.length >> 1]
    expect(median).toBeGreaterThan(-50)
    expect(median).toBeLessThan(150)
  })
})

describe.skipIf(isMissing(ibsi))(`IBSI-1 (../shared/data/${ibsi})`, () => {
  it('has the same HU at the same places as NIfTI and as DICOM', async () => {
    const nifti = await openReal(`${ibsi}/image.nii.gz`)
    const dicom = await openReal(`${ibsi}/dicom.zip`)
    expect(nifti.volume.shape).toEqual([60, 201, 204])
    expect(dicom.volume.shape).toEqual(nifti.volume.shape)
    expect(differences(dicom.volume.hu, nifti.volume.hu)).toBe(0)
    for (const d of [0, 59])
      for (const h of [0, 200])
        for (const w of [0, 203]) {
          const [a, b] = [dicom, nifti].map(({ volume }) => voxelToRasMm(volume.affine, [d, h, w]))
          a.forEach((mm, i) => expect(Math.abs(mm - b[i])).toBeLessThan(0.01))
        }
    expect(dicom.modality).toBe('CT')
    expect(dicom.dicom!.slices.length).toBe(60)
  })
})

const nifti = 'nifti-variants'

describe.skipIf(isMissing(nifti))(`NIfTI variants (../shared/data/${nifti})`, () => {
  it('has the same voxels in big and in little endian', async () => {
    const [big, little] = [await openReal(`${nifti}/big.nii.gz`), await openReal(`${nifti}/little.nii.gz`)]
    expect(little.fileGrid.shape).toEqual([21, 64, 64])
    expect(little.fileGrid.spacingMm).toEqual([6, 4, 4])
    expect(differences(big.volume.hu, little.volume.hu)).toBe(0)
    expect(big.fileGrid).toEqual(little.fileGrid)
    expect(little.hu.max).toBeGreaterThan(little.hu.min)
  })

  it('reads NIfTI-2 with FSL’s standard grid', async () => {
    const { fileGrid, volume, hu } = await openReal(`${nifti}/avg152T1_LR_nifti2.nii.gz`)
    // MNI152 at 2 mm: x runs left from 90, y from −126, z from −72.
    expect(fileGrid.shape).toEqual([91, 109, 91])
    expect(fileGrid.affine).toEqual([-2, 0, 0, 90, 0, 2, 0, -126, 0, 0, 2, -72, 0, 0, 0, 1])
    expect(voxelToRasMm(volume.affine, [0, 0, 0])).toEqual([-90, -126, -72])
    expect([hu.min, hu.max]).toEqual([0, 255])
  })

  it.each(['air.hdr.gz', 'air.img.gz'])(
    'reads the gzipped pair from %s, the other half beside it',
    async half => {
      const { fileGrid, hu } = await openReal(`${nifti}/${half}`)
      expect(fileGrid.shape).toEqual([64, 67, 79])
      // A sagittal MR: the file's columns run A, rows I, slices R.
      expect(fileGrid.axes).toEqual([1, 2, 0])
      expect(hu.max).toBe(93)
    },
  )

  it('passes over an extension', async () => {
    const { fileGrid, hu } = await openReal(`${nifti}/with_extension.nii.gz`)
    expect(fileGrid.shape).toEqual([151, 191, 161])
    // A mask: read from the extension's bytes it would hold other values.
    expect([hu.min, hu.max]).toEqual([0, 1])
  })

  it.each([
    ['5D_small.nii', /5-dimensional data \(1 × 2 × 3 × 1 × 3\)/],
    ['not-nifti.nii', /not-nifti\.nii is not a NIfTI file/],
  ])('refuses %s', async (name, sentence) => {
    expect(await refusalOf(await realFiles(`${nifti}/${name}`))).toMatch(sentence)
  })
})

describe.skipIf(isMissing('mha-lung'))('MetaImage (../shared/data/mha-lung)', () => {
  it('has its lung mask on the grid of its scan, over air', async () => {
    const scan = await openReal('mha-lung/3DCT_lung_baseline.mha')
    const mask = await openReal('mha-lung/3DCT_lung_baseline_mask.mha')
    expect(mask.fileGrid).toEqual(scan.fileGrid)
    expect(scan.warnings).toEqual([])
    let [sum, count] = [0, 0]
    mask.volume.hu.forEach((value, i) => {
      if (value === 0) return
      sum += scan.volume.hu[i]
      count++
    })
    expect(count).toBeGreaterThan(10_000)
    // Aerated lung, emphysematous here; soft tissue would be about 40.
    expect(sum / count).toBeLessThan(-700)
  })
})

describe.skipIf(isMissing('chest-64.nrrd'))('NRRD (../shared/data/chest-64.nrrd)', () => {
  it('is a whole chest at 4 mm in HU', async () => {
    const { volume, hu, warnings, modality } = await openReal('chest-64.nrrd')
    volume.spacingMm.forEach(mm => expect(Math.abs(mm - 4)).toBeLessThan(0.2))
    // Air and bone.
    expect(hu.min).toBeLessThan(-950)
    expect(hu.max).toBeGreaterThan(500)
    expect(warnings).toEqual([])
    expect(modality).toBe('unknown')
  })
})
