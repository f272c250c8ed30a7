// Volume, centroid and axes of a nodule, integrated over its true surface (cut by the pleura), not counted in voxels.
import { cosine, cubeRoot, sine } from './mathPortable.ts'
import type { NoduleShape } from './noduleShape.ts'
import { sphereDirections, surfaceRadius } from './noduleShape.ts'
import type { Point } from './primitives.ts'

export interface NoduleMeasures {
  readonly centroid: Point
  readonly volumeMm3: number
  readonly radiusMm: number
  readonly longAxisMm: number
  readonly shortAxisMm: number
}

/** Measures the part of the nodule that `isInside` (the lung) leaves of it. */
export function measureShape(
  shape: NoduleShape,
  isInside: (x: number, y: number, z: number) => boolean,
  mayBeCut: boolean,
): NoduleMeasures {
  const { centre } = shape
  const cut = (direction: Point): number => {
    const full = surfaceRadius(shape, direction)
    const at = (r: number) =>
      isInside(centre[0] + r * direction[0], centre[1] + r * direction[1], centre[2] + r * direction[2])
    if (!mayBeCut || at(full)) return full
    let low = 0
    let high = full
    for (let i = 0; i < 9; i++) {
      const middle = 0.5 * (low + high)
      if (at(middle)) low = middle
      else high = middle
    }
    return low
  }
  let volume = 0
  const moment = [0, 0, 0]
  const solidAngle = 12.566370614359172 / sphereDirections.length
  for (const direction of sphereDirections) {
    const r = cut(direction)
    volume += (r * r * r * solidAngle) / 3
    for (let a = 0; a < 3; a++) moment[a] += (r * r * r * r * solidAngle * direction[a]) / 4
  }
  const axes = [0, 1, 2].map(plane => planeAxes(plane, cut)).sort((a, b) => b[0] - a[0])[0]
  return {
    centroid: [
      centre[0] + moment[0] / volume,
      centre[1] + moment[1] / volume,
      centre[2] + moment[2] / volume,
    ],
    volumeMm3: volume,
    radiusMm: cubeRoot((3 * volume) / 12.566370614359172),
    longAxisMm: axes[0],
    shortAxisMm: axes[1],
  }
}

/** Longest diameter in the plane through the centre across axis `normal`, and the width perpendicular to it. */
function planeAxes(normal: number, radiusAlong: (direction: Point) => number): [long: number, short: number] {
  const points: [number, number][] = []
  for (let i = 0; i < 48; i++) {
    const angle = (i / 48) * 6.283185307179586
    const u = cosine(angle)
    const v = sine(angle)
    const r = radiusAlong(normal === 0 ? [0, u, v] : normal === 1 ? [u, 0, v] : [u, v, 0])
    points.push([r * u, r * v])
  }
  let best = 0
  let along = [1, 0]
  for (const p of points)
    for (const q of points) {
      const du = p[0] - q[0]
      const dv = p[1] - q[1]
      const squared = du * du + dv * dv
      if (squared > best) {
        best = squared
        along = [du, dv]
      }
    }
  const long = Math.sqrt(best) + 1e-9
  let low = 0
  let high = 0
  for (const p of points) {
    const across = (p[0] * along[1] - p[1] * along[0]) / long
    low = Math.min(low, across)
    high = Math.max(high, across)
  }
  return [long, high - low]
}
