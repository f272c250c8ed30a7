// A nodule's geometry: an ellipsoid whose radius is raised by smooth bumps, its spicules, and what is inside. Volume, centroid and
// axes are integrated over the true surface (cut by the pleura), not counted in voxels.
import type { Appearance } from './appearance.ts'
import { cosine, cubeRoot, sine } from './mathPortable.ts'
import type { Point } from './primitives.ts'
import { TubeList } from './primitives.ts'
import type { Random } from './random.ts'
import { labelOf } from './labels.ts'

export interface NoduleShape {
  readonly centre: Point
  readonly axes: readonly [Point, Point, Point]
  readonly radii: Point
  /** Direction x, y, z and height of each bump, in the nodule's own frame. */
  readonly bumps: Float64Array
  /** Largest distance from the centre to the surface (mm). */
  readonly reachMm: number
  readonly hu: number
  /** Width over which the edge fades beyond the voxel's own: ground glass has no sharp rim. */
  readonly softMm: number
  readonly core?: { readonly hu: number; readonly share: number; readonly shift: Point }
  readonly shells?: { readonly hu: number; readonly from: readonly number[]; readonly to: readonly number[] }
  readonly spots?: readonly { readonly centre: Point; readonly radiusMm: number; readonly hu: number }[]
  readonly spicules: TubeList
}

export interface NoduleMeasures {
  readonly centroid: Point
  readonly volumeMm3: number
  readonly radiusMm: number
  readonly longAxisMm: number
  readonly shortAxisMm: number
}

function randomAxes(random: Random): [Point, Point, Point] {
  const a = random.direction()
  const helper = random.direction()
  const dot = a[0] * helper[0] + a[1] * helper[1] + a[2] * helper[2]
  const b = [helper[0] - dot * a[0], helper[1] - dot * a[1], helper[2] - dot * a[2]]
  const length = Math.sqrt(b[0] * b[0] + b[1] * b[1] + b[2] * b[2]) + 1e-12
  const second: Point = [b[0] / length, b[1] / length, b[2] / length]
  return [
    a,
    second,
    [
      a[1] * second[2] - a[2] * second[1],
      a[2] * second[0] - a[0] * second[2],
      a[0] * second[1] - a[1] * second[0],
    ],
  ]
}

/** Relative radius of the bumpy unit ball in a unit direction of its own frame. */
export function bumpRadius(bumps: Float64Array, x: number, y: number, z: number): number {
  let radius = 1
  for (let i = 0; i < bumps.length; i += 4) {
    const dot = x * bumps[i] + y * bumps[i + 1] + z * bumps[i + 2]
    if (dot > 0) radius += bumps[i + 3] * dot * dot * dot * dot
  }
  return radius
}

/** Distance from the centre to the surface in a world direction (unit vector). */
export function surfaceRadius(
  shape: Pick<NoduleShape, 'axes' | 'radii' | 'bumps'>,
  direction: Point,
): number {
  const l = shape.axes.map(
    (axis, i) => (axis[0] * direction[0] + axis[1] * direction[1] + axis[2] * direction[2]) / shape.radii[i],
  )
  const length = Math.sqrt(l[0] * l[0] + l[1] * l[1] + l[2] * l[2])
  return bumpRadius(shape.bumps, l[0] / length, l[1] / length, l[2] / length) / length
}

const goldenAngle = 2.399963229728653
const sphereDirections: readonly Point[] = Array.from({ length: 420 }, (_, i) => {
  const z = 1 - (2 * i + 1) / 420
  const ring = Math.sqrt(1 - z * z)
  return [ring * cosine(i * goldenAngle), ring * sine(i * goldenAngle), z] as const
})

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

/** Draws the shape of a nodule of the given appearance around `centre`. */
export function drawShape(
  random: Random,
  appearance: Appearance,
  centre: Point,
  vesselHu: number,
  lungHu: number,
): NoduleShape {
  const { margin, texture, diameterMm } = appearance
  const axes = randomAxes(random)
  const squash = appearance.attachment === 'fissure' ? random.uniform(0.6, 0.85) : random.uniform(0.8, 1)
  const ratios = [random.uniform(1, 1.25), 1, squash]
  const count = margin === 'smooth' ? 4 : margin === 'lobulated' ? 8 : 10
  const bumps = new Float64Array(4 * count)
  for (let i = 0; i < count; i++) {
    const height =
      margin === 'smooth'
        ? random.uniform(-0.07, 0.08)
        : margin === 'lobulated'
          ? random.uniform(0.12, 0.5)
          : random.uniform(-0.12, 0.3)
    bumps.set([...random.direction(), height], 4 * i)
  }
  // Scale so that the whole shape has the volume of a sphere of the drawn diameter.
  let relative = 0
  for (const [x, y, z] of sphereDirections) {
    const r = bumpRadius(bumps, x, y, z)
    relative += (r * r * r) / sphereDirections.length
  }
  const unit = (0.5 * diameterMm) / cubeRoot(relative * ratios[0] * ratios[1] * ratios[2])
  const radii: Point = [unit * ratios[0], unit * ratios[1], unit * ratios[2]]
  const bare = { centre, axes, radii, bumps }
  let reachMm = 0
  for (const direction of sphereDirections) reachMm = Math.max(reachMm, surfaceRadius(bare, direction))
  const ground = Math.max(random.normal(-600, 70), lungHu + 120)
  const solid = random.normal(20, 30) + (vesselHu > 100 ? random.uniform(0, 50) : 0)
  const spicules = new TubeList()
  if (margin === 'spiculated')
    addSpicules(random, bare, spicules, texture === 'ground-glass' ? ground + 150 : solid)
  return {
    ...bare,
    reachMm: reachMm * 1.03,
    hu: texture === 'solid' ? solid : ground,
    softMm: texture === 'solid' ? random.uniform(0, 0.6) : random.uniform(0.8, 2.2),
    spicules,
    ...drawInside(random, appearance, bare, solid),
  }
}

function addSpicules(
  random: Random,
  shape: Pick<NoduleShape, 'axes' | 'radii' | 'bumps' | 'centre'>,
  spicules: TubeList,
  hu: number,
): void {
  const size = (shape.radii[0] + shape.radii[1] + shape.radii[2]) / 3
  const count = 8 + Math.floor(size * random.uniform(1, 2.2))
  for (let i = 0; i < count; i++) {
    const direction = random.direction()
    const r = surfaceRadius(shape, direction)
    const length = random.uniform(2, 8) * Math.min(1, 0.45 + size / 12)
    const lean = random.direction()
    const at = (distance: number, bend: number): Point => [
      shape.centre[0] + direction[0] * distance + lean[0] * bend,
      shape.centre[1] + direction[1] * distance + lean[1] * bend,
      shape.centre[2] + direction[2] * distance + lean[2] * bend,
    ]
    const width = random.uniform(0.5, 1.1) * Math.min(1, 0.5 + size / 10)
    spicules.add(at(r * 0.8, 0), at(r + length, length * 0.25), width, 0.2, hu, labelOf.body)
  }
}

function drawInside(
  random: Random,
  appearance: Appearance,
  shape: Pick<NoduleShape, 'centre' | 'radii'>,
  solid: number,
): Partial<NoduleShape> {
  const size = (shape.radii[0] + shape.radii[1] + shape.radii[2]) / 3
  const spot = (reach: number, radiusMm: number, hu: number) => {
    const direction = random.direction()
    const distance = size * reach * random.uniform()
    return {
      centre: [0, 1, 2].map(a => shape.centre[a] + direction[a] * distance) as unknown as Point,
      radiusMm,
      hu,
    }
  }
  const bone = random.uniform(200, 800)
  if (appearance.texture === 'part-solid') {
    const direction = random.direction()
    const shift = 0.2 * random.uniform()
    return {
      core: {
        hu: solid,
        share: random.uniform(0.35, 0.65),
        shift: [direction[0] * shift, direction[1] * shift, direction[2] * shift],
      },
    }
  }
  if (appearance.interior === 'cavity')
    return { shells: { hu: -930, from: [0], to: [random.uniform(0.4, 0.62)] } }
  if (appearance.interior === 'air bronchogram')
    return { spots: Array.from({ length: 7 }, () => spot(0.75, Math.max(0.8, size * 0.13), -850)) }
  switch (appearance.calcification) {
    case 'central':
      return { shells: { hu: bone, from: [0], to: [random.uniform(0.35, 0.6)] } }
    case 'laminated':
      return { shells: { hu: bone, from: [0, 0.55], to: [0.25, 0.8] } }
    case 'diffuse':
      return { shells: { hu: bone, from: [0], to: [0.93] } }
    case 'popcorn':
      return {
        spots: Array.from({ length: 6 }, () =>
          spot(0.65, Math.max(0.7, size * random.uniform(0.18, 0.3)), bone),
        ),
      }
    case 'fat':
      return { spots: Array.from({ length: 5 }, () => spot(0.5, size * random.uniform(0.25, 0.4), -90)) }
    default:
      return {}
  }
}
