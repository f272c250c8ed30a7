// The lung field on real scans; skipped by name where ../shared/data is missing.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readScanFiles } from '../../cli/support/files.ts'
import { listSeries, openSeries } from '../volume/readScan.ts'
import type { OpenedSeries } from '../volume/volume.ts'
import { mapAxes, maskOnGrid } from './gridMap.ts'
import { locate } from './location.ts'
import { findLungField } from './lungField.ts'
import { dilate, maskWhere } from './morphology.ts'
import { valueAt, voxelsInside } from './testChest.ts'

const data = path.resolve('../shared/data')

async function openFile(name: string): Promise<OpenedSeries> {
  const listing = await listSeries(await readScanFiles(path.join(data, name)))
  return openSeries(listing, listing.series[0].id)
}

describe.skipIf(!existsSync(data))('lung field on real scans (../shared/data)', () => {
  it.each(['baseline', 'followup'])(
    'agrees with the given mask of mha-lung %s, an emphysematous lung cut by the image',
    async name => {
      const { volume } = await openFile(`mha-lung/3DCT_lung_${name}.mha`)
      const mask = (await openFile(`mha-lung/3DCT_lung_${name}_mask.mha`)).volume
      const field = findLungField(volume)
      const found = maskOnGrid(field.sides, field.grid, mask)
      let [given, ours, both] = [0, 0, 0]
      for (let i = 0; i < found.length; i++) {
        const isLung = mask.hu[i] > 0
        given += isLung ? 1 : 0
        ours += found[i]
        both += isLung ? found[i] : 0
      }
      // 0.978 and 0.980 when this was written.
      expect((2 * both) / (given + ours)).toBeGreaterThan(0.96)
      expect(field.right).not.toBeNull()
      expect(field.left).toBeNull()
    },
  )

  it('finds both lungs of chest-64 at 4 mm, without table and trachea', async () => {
    const { volume } = await openFile('chest-64.nrrd')
    const field = findLungField(volume)
    // What the field measured when its slices had been looked at; guards against table, bowel or a lost lobe.
    expect(Math.abs(field.right!.volumeMl - 2480)).toBeLessThan(150)
    expect(Math.abs(field.left!.volumeMl - 2200)).toBeLessThan(150)
    const tableRows = maskWhere(
      field.sides.length,
      i => Math.floor(i / field.grid.shape[2]) % field.grid.shape[1] < 8,
    )
    expect(field.sides.some((side, i) => side !== 0 && tableRows[i] !== 0)).toBe(false)
  })

  it('holds the known nodule of LIDC-IDRI-0001 and places it', async () => {
    const { volume } = await openFile('lidc-idri-0001/LIDC-IDRI-0001.zip')
    const field = findLungField(volume)
    // LUNA16: (56.208, 86.343, -115.868) mm LPS, diameter 23.35 mm.
    const centreRasMm = [-56.208, -86.343, -115.868] as const
    const sphere = { centreRasMm, radiiMm: [11.7, 11.7, 11.7] as const }
    const near = dilate(field.sides, field.grid.shape, field.grid.spacingMm, 3)
    const voxels = voxelsInside(field.grid, sphere)
    expect(voxels.reduce((count, i) => count + near[i], 0) / voxels.length).toBeGreaterThan(0.9)
    expect(valueAt(field.sides, field.grid, centreRasMm)).toBe(2)
    expect(locate(centreRasMm, field)).toEqual({ side: 'left', zone: 'middle' })
    // The coarse grid lies where the scan lies.
    const { offset, scale } = mapAxes(field.grid, volume)
    field.grid.shape.forEach((size, axis) => {
      expect(offset[axis] + (scale[axis] * (size - 1)) / 2).toBeCloseTo((volume.shape[axis] - 1) / 2, 4)
    })
  })
})
