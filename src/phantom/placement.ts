// Where things may lie in the lungs: rejection sampling of places by lobe, depth below the pleura and neighbours.
import type { Appearance } from './appearance.ts'
import type { Chest } from './chest.ts'
import type { Mediastinum } from './mediastinum.ts'
import type { Point, TubeList } from './primitives.ts'
import { tubeStride } from './primitives.ts'
import type { Random } from './random.ts'
import { horizontalFissure, lobeAt, lungDistance, obliqueFissure } from './surfaces.ts'

/** The lungs of one chest as questions about a point. */
export interface Lungs {
  /** Distance to the lung surface, negative inside (mm). */
  distance(x: number, y: number, z: number): number
  /** Index into `lobes`. */
  lobe(x: number, y: number, z: number): number
  /** Distance to the nearest fissure of that side (mm, unsigned). */
  fissure(x: number, y: number, z: number): number
  randomPoint(random: Random): Point
}

/** Distance to the great vessels matters to the lungs only near the midline. */
export function lungsOf(chest: Chest, mediastinum: Mediastinum): Lungs {
  const { greatVessels } = mediastinum
  const half = chest.lungX + chest.lungLateral
  const low = chest.domeRightZ - 110
  const high = chest.centreZ + chest.apexHeight
  const oblique = (x: number, y: number, z: number) => obliqueFissure(chest, x, y, z)
  const horizontal = (x: number, y: number, z: number) => horizontalFissure(chest, x, y, z)
  return {
    distance: (x, y, z) =>
      lungDistance(chest, x, y, z, Math.abs(x) < 75 ? greatVessels.distance(x, y, z) : 50),
    lobe: (x, y, z) => lobeAt(x > 0, oblique(x, y, z), horizontal(x, y, z)),
    fissure: (x, y, z) => {
      const a = oblique(x, y, z)
      return a > 0 ? Math.min(a, Math.abs(horizontal(x, y, z))) : -a
    },
    randomPoint: random => [
      random.uniform(-half, half),
      chest.centreY + random.uniform(-1, 1) * chest.lungHalfDepth,
      random.uniform(low, high),
    ],
  }
}

/** Points inside the lungs, at least `depthMm` below the surface, sorted by lobe. */
export function fillLobes(random: Random, lungs: Lungs, count: number, depthMm: number): Float64Array[] {
  const clouds: number[][] = [[], [], [], [], []]
  for (let found = 0, tries = 0; found < count && tries < count * 12; tries++) {
    const [x, y, z] = lungs.randomPoint(random)
    if (lungs.distance(x, y, z) > -depthMm) continue
    clouds[lungs.lobe(x, y, z)].push(x, y, z)
    found++
  }
  return clouds.map(cloud => Float64Array.from(cloud))
}

export interface Occupied {
  readonly centre: Point
  readonly radiusMm: number
}

function isFree(point: Point, radiusMm: number, occupied: readonly Occupied[]): boolean {
  return occupied.every(other => {
    const dx = point[0] - other.centre[0]
    const dy = point[1] - other.centre[1]
    const dz = point[2] - other.centre[2]
    const gap = radiusMm + other.radiusMm + 6
    return dx * dx + dy * dy + dz * dz > gap * gap
  })
}

/**
 * A centre for a nodule: in an upper or a lower lobe as drawn, on what it is attached to, peripheral third in 55 %.
 * Undefined when there is no room (the nodule is then dropped, whatever its class).
 */
export function placeNodule(
  random: Random,
  lungs: Lungs,
  vessels: TubeList,
  appearance: Appearance,
  occupied: readonly Occupied[],
): Point | undefined {
  const radius = appearance.diameterMm / 2
  const peripheral = random.chance(0.55)
  const offset = random.uniform(0.25, 0.8)
  for (let attempt = 0; attempt < 4000; attempt++) {
    const point =
      appearance.attachment === 'vessel' ? vesselPoint(random, vessels, radius) : lungs.randomPoint(random)
    const [x, y, z] = point
    const lobe = lungs.lobe(x, y, z)
    if ((lobe === 0 || lobe === 3) !== appearance.upperLobe) continue
    const depth = -lungs.distance(x, y, z)
    if (appearance.attachment === 'pleura') {
      if (Math.abs(depth - radius * offset) > 0.25 + 0.12 * radius) continue
    } else {
      if (
        depth < radius * 1.25 + 2 ||
        (attempt < 2000 && depth < Math.max(17, radius * 1.25 + 6) !== peripheral)
      )
        continue
      const fissure = lungs.fissure(x, y, z)
      if (
        appearance.attachment === 'fissure'
          ? Math.abs(fissure - radius * offset) > 0.8
          : fissure < radius * 1.2 + 1
      )
        continue
    }
    if (isFree(point, radius, occupied) && vessels.distance(x, y, z, 3.2) > radius * 0.8) return point
  }
  return undefined
}

function vesselPoint(random: Random, vessels: TubeList, radius: number): Point {
  for (let attempt = 0; attempt < 200; attempt++) {
    const o = random.below(vessels.count) * tubeStride
    const { data } = vessels
    if (data[o + 6] < 0.55 || data[o + 6] > 1.8) continue
    const push = random.direction()
    const away = radius * random.uniform(0.2, 0.9)
    return [data[o + 3] + push[0] * away, data[o + 4] + push[1] * away, data[o + 5] + push[2] * away]
  }
  return [0, 0, 0]
}
