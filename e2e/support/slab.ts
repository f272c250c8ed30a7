// A slab of a schematic chest with one nodule: few tiles, so that an analysis takes seconds.
import { asSeries, makeChest } from '../../src/prediction/testChest.ts'
import { writeNifti } from '../../src/volume/writeNifti.ts'
import type { File } from './page.ts'

export function makeSlab(): File {
  const nodules = [{ centreRasMm: [60, 0, 0], radiiMm: [6, 6, 6], hu: 40 }] as const
  const volume = makeChest({ fromTo: { z: [-24, 24] }, nodules })
  const buffer = Buffer.from(writeNifti(volume.hu, asSeries(volume).fileGrid))
  return { name: 'slab.nii.gz', mimeType: 'application/gzip', buffer }
}
