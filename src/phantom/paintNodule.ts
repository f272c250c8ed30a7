// Paints one nodule: body with its bumps and soft rim, core, calcifications, cavity; marks its voxels in the instance volume.
import type { Canvas } from './cropGrid.ts'
import { labelOf } from './labels.ts'
import { bumpRadius } from './noduleShape.ts'
import type { NoduleShape } from './noduleShape.ts'
import { paintTubes, voxelRange } from './paint.ts'

function soften(share: number): number {
  return share <= 0 ? 0 : share >= 1 ? 1 : share
}

/** A voxel belongs to instance `id` when more than half of it is nodule and lung. */
export function paintNodule(canvas: Canvas, shape: NoduleShape, id: number): void {
  paintTubes(canvas, shape.spicules, 'lung')
  const { centre, radii, reachMm } = shape
  const [a, b, c] = shape.axes
  const w = canvas.edgeMm
  const soft = w + shape.softMm
  const reach = reachMm + 0.5 * soft + 0.1
  const [kFrom, kTo] = voxelRange(canvas.z, centre[2] - reach, centre[2] + reach)
  const [jFrom, jTo] = voxelRange(canvas.y, centre[1] - reach, centre[1] + reach)
  const [iFrom, iTo] = voxelRange(canvas.x, centre[0] - reach, centre[0] + reach)
  for (let k = kFrom; k < kTo; k++)
    for (let j = jFrom; j < jTo; j++) {
      const row = (k * canvas.y.count + j) * canvas.x.count
      const py = canvas.y.positions[j] - centre[1]
      const pz = canvas.z.positions[k] - centre[2]
      for (let i = iFrom; i < iTo; i++) {
        const px = canvas.x.positions[i] - centre[0]
        const distance = Math.sqrt(px * px + py * py + pz * pz)
        if (distance > reach) continue
        const u = (px * a[0] + py * a[1] + pz * a[2]) / radii[0]
        const v = (px * b[0] + py * b[1] + pz * b[2]) / radii[1]
        const n = (px * c[0] + py * c[1] + pz * c[2]) / radii[2]
        const length = Math.sqrt(u * u + v * v + n * n) + 1e-9
        const surface = bumpRadius(shape.bumps, u / length, v / length, n / length)
        const scale = (distance + 1e-9) / length
        const d = (length - surface) * scale
        const o = row + i
        // Where the pleura cuts the nodule, the wall beside it is soft tissue anyway: paint on, but count only lung.
        const share = soften(0.5 - d / soft)
        if (share <= 0) continue
        const hu = insideHu(shape, px, py, pz, length / surface, [u, v, n], scale, w)
        const paint = shape.hu < -200 ? share * canvas.lung[o] : share
        canvas.hu[o] += (hu - canvas.hu[o]) * paint
        if (soften(0.5 - d / w) * canvas.lung[o] > 0.5) {
          canvas.instances[o] = id
          canvas.labels[o] = labelOf.nodule
        }
      }
    }
}

/** HU at a point of the nodule; `depth` is 0 at the centre and 1 on the surface. */
function insideHu(
  shape: NoduleShape,
  px: number,
  py: number,
  pz: number,
  depth: number,
  unit: readonly number[],
  scale: number,
  w: number,
): number {
  let hu = shape.hu
  if (shape.core) {
    const { share, shift } = shape.core
    const du = unit[0] - shift[0]
    const dv = unit[1] - shift[1]
    const dn = unit[2] - shift[2]
    hu +=
      (shape.core.hu - hu) *
      soften(0.5 - ((Math.sqrt(du * du + dv * dv + dn * dn) - share) * scale) / (w + 0.8))
  }
  if (shape.shells)
    for (let s = 0; s < shape.shells.from.length; s++) {
      const from = shape.shells.from[s]
      const outer = soften(0.5 - ((depth - shape.shells.to[s]) * scale) / w)
      const inner = from === 0 ? 0 : soften(0.5 - ((depth - from) * scale) / w)
      hu += (shape.shells.hu - hu) * outer * (1 - inner)
    }
  for (const spot of shape.spots ?? []) {
    const dx = px + shape.centre[0] - spot.centre[0]
    const dy = py + shape.centre[1] - spot.centre[1]
    const dz = pz + shape.centre[2] - spot.centre[2]
    hu += (spot.hu - hu) * soften(0.5 - (Math.sqrt(dx * dx + dy * dy + dz * dz) - spot.radiusMm) / w)
  }
  return hu
}
