// A thin slab of half a schematic chest, with one nodule that the demo model finds: few tiles, so that an analysis takes
// seconds.
import { asSeries, makeChest } from '../../src/prediction/testChest.ts'
import { writeNifti } from '../../src/volume/writeNifti.ts'
import type { File } from './page.ts'

export function makeSlab(): File {
  const nodules = [{ centreRasMm: [60, 0, 0], radiiMm: [6, 6, 6], hu: 40 }] as const
  const volume = makeChest({ fromTo: { x: [0, 180], z: [-12, 12] }, nodules })
  const buffer = Buffer.from(writeNifti(volume.hu, asSeries(volume).fileGrid))
  return { name: 'slab.nii.gz', mimeType: 'application/gzip', buffer }
}
