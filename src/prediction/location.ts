// Where in the lungs a finding lies: side, and zone as a third of that lung along the body axis. No lobe is claimed.
import { rasMmToVoxel } from '../volume/geometry.ts'
import type { Finding, WorldMm } from './finding.ts'
import type { LungField } from './lungField.ts'

/** Side and zone of a world position: the nearest lung voxel's side, the third of that lung's extent that holds z. */
export function locate(centreRasMm: WorldMm, field: LungField): Pick<Finding, 'side' | 'zone'> {
  const side = nearestSide(centreRasMm, field)
  const lung = field[side]
  if (!lung) throw new Error(`locate: the lung field has no ${side} lung.`)
  const height = (centreRasMm[2] - lung.lowMm) / (lung.highMm - lung.lowMm)
  return { side, zone: height < 1 / 3 ? 'lower' : height < 2 / 3 ? 'middle' : 'upper' }
}

/** The side whose nearest voxel is closest; searched in growing cubes of the coarse grid. */
function nearestSide(centreRasMm: WorldMm, { grid, sides }: LungField): 'right' | 'left' {
  const [D, H, W] = grid.shape
  const centre = rasMmToVoxel(grid.affine, centreRasMm)
  let best = Infinity
  let found = 0
  for (let radius = 2; found === 0 && radius <= Math.max(D, H, W) * 2; radius *= 2) {
    const range = centre.map((value, axis) => [
      Math.max(0, Math.floor(value - radius)),
      Math.min(grid.shape[axis] - 1, Math.ceil(value + radius)),
    ])
    for (let d = range[0][0]; d <= range[0][1]; d++) {
      for (let h = range[1][0]; h <= range[1][1]; h++) {
        for (let w = range[2][0]; w <= range[2][1]; w++) {
          const side = sides[(d * H + h) * W + w]
          if (side === 0) continue
          const distance =
            ((d - centre[0]) * grid.spacingMm[0]) ** 2 +
            ((h - centre[1]) * grid.spacingMm[1]) ** 2 +
            ((w - centre[2]) * grid.spacingMm[2]) ** 2
          if (distance >= best) continue
          best = distance
          found = side
        }
      }
    }
  }
  return found === 2 ? 'left' : 'right'
}
