// A few crops spread over a scan, for figures that should not hang on one place: always the same ones for the same scan.
import type { Triple } from '../base/shape.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import type { LabCrop } from './labCrop.ts'

/** A voxel above this is the body, not the air around it, HU; the lungs are above it too. */
const bodyHu = -960
/** Crops with less body than this say little. */
const leastBody = 0.6
/** Voxels between two that are looked at along each axis. */
const look = 4

/** Share of a box's voxels, `size` around `centre` (D,H,W voxels of the scan), that are body. */
function bodyShare({ hu, shape }: Volume, centre: readonly number[], size: readonly number[]): number {
  const range = (axis: number) => {
    const low = Math.max(0, Math.ceil(centre[axis] - size[axis] / 2))
    const high = Math.min(shape[axis], Math.ceil(centre[axis] + size[axis] / 2))
    return Array.from({ length: Math.max(0, Math.ceil((high - low) / look)) }, (_, i) => low + i * look)
  }
  const [ds, hs, ws] = [range(0), range(1), range(2)]
  let body = 0
  for (const d of ds)
    for (const h of hs) for (const w of ws) if (hu[(d * shape[1] + h) * shape[2] + w] > bodyHu) body++
  return body / Math.max(1, ds.length * hs.length * ws.length)
}

/** At most `count` crops side by side that lie in the body; the middle of the scan where none does. */
export function spreadCrops(volume: Volume, shape: Triple, spacingMm: Triple, count: number): LabCrop[] {
  const size = shape.map((side, axis) => (side * spacingMm[axis]) / volume.spacingMm[axis])
  const places = (axis: number) => {
    const fits = Math.max(1, Math.floor(volume.shape[axis] / size[axis]))
    const first = (volume.shape[axis] - 1) / 2 - ((fits - 1) / 2) * size[axis]
    return Array.from({ length: fits }, (_, i) => first + i * size[axis])
  }
  const centres = places(0).flatMap(d => places(1).flatMap(h => places(2).map((w): Triple => [d, h, w])))
  const inBody = centres.filter(centre => bodyShare(volume, centre, size) >= leastBody)
  const found = inBody.length > 0 ? inBody : [volume.shape.map(n => (n - 1) / 2) as unknown as Triple]
  const kept = Math.min(count, found.length)
  return Array.from({ length: kept }, (_, i) => {
    const centre = found[Math.floor(((i + 0.5) * found.length) / kept)]
    return { centreRasMm: voxelToRasMm(volume.affine, centre), shape, spacingMm }
  })
}
