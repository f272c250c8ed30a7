// Draws the shape of a nodule from its appearance: axes, bumps, spicules, core, calcification, cavity.
import type { Appearance } from './appearance.ts'
import { labelOf } from './labels.ts'
import { cubeRoot } from './mathPortable.ts'
import type { NoduleShape } from './noduleShape.ts'
import { bumpRadius, bumpStride, sphereDirections, surfaceRadius } from './noduleShape.ts'
import type { Point } from './primitives.ts'
import { TubeList } from './primitives.ts'
import type { Random } from './random.ts'

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
  const bumps = drawBumps(random, margin)
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

/** Smooth: slightly out of round. Lobulated: a few broad bumps. Spiculated: many narrow ones. */
function drawBumps(random: Random, margin: Appearance['margin']): Float64Array {
  const count = margin === 'smooth' ? 4 : margin === 'lobulated' ? 8 : 34
  const bumps = new Float64Array(bumpStride * count)
  for (let i = 0; i < count; i++) {
    const height =
      margin === 'smooth'
        ? random.uniform(-0.07, 0.08)
        : margin === 'lobulated'
          ? random.uniform(0.12, 0.5)
          : i < 8
            ? random.uniform(-0.08, 0.3)
            : random.uniform(0.05, 0.5)
    const isNarrow = margin === 'spiculated' && i >= 8
    bumps.set([...random.direction(), isNarrow ? 0 : height, isNarrow ? height : 0], bumpStride * i)
  }
  return bumps
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
    // One in eight is a tail that reaches for the pleura.
    const tail = random.chance(0.12) ? 2 : 1
    const length = random.uniform(2, 8) * tail * Math.min(1, 0.45 + size / 12)
    const lean = random.direction()
    const at = (distance: number, bend: number): Point => [
      shape.centre[0] + direction[0] * distance + lean[0] * bend,
      shape.centre[1] + direction[1] * distance + lean[1] * bend,
      shape.centre[2] + direction[2] * distance + lean[2] * bend,
    ]
    const width = random.uniform(0.7, 1.5) * Math.min(1, 0.5 + size / 12)
    spicules.add(at(r * 0.8, 0), at(r + length, length * 0.25), width, 0.35, hu, labelOf.nodule)
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
