// What looks like a nodule and is none: in the label volume by name, never in the list of nodules nor in the instances.
import type { Chest } from './chest.ts'
import { labelOf } from './labels.ts'
import type { Occupied, Lungs } from './placement.ts'
import type { Blob, Layer, Point } from './primitives.ts'
import { TubeList } from './primitives.ts'
import { Random } from './random.ts'

interface Surroundings {
  readonly chest: Chest
  readonly lungs: Lungs
  readonly costochondral: readonly Point[]
  readonly bronchi: readonly { readonly from: Point; readonly to: Point; readonly radius: number }[]
  readonly occupied: Occupied[]
}

/** Unit gradient of a distance, by differences of a millimetre. */
function gradient(distance: (x: number, y: number, z: number) => number, [x, y, z]: Point): Point {
  const g = [
    distance(x + 1, y, z) - distance(x - 1, y, z),
    distance(x, y + 1, z) - distance(x, y - 1, z),
    distance(x, y, z + 1) - distance(x, y, z - 1),
  ]
  const length = Math.sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]) + 1e-9
  return [g[0] / length, g[1] / length, g[2] / length]
}

/** A frame whose third axis is `normal`. */
function frame(random: Random, normal: Point): [Point, Point, Point] {
  const helper = random.direction()
  const cross = (a: Point, b: Point): Point => [
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
  ]
  const side = cross(normal, helper)
  const length = Math.sqrt(side[0] * side[0] + side[1] * side[1] + side[2] * side[2]) + 1e-9
  const first: Point = [side[0] / length, side[1] / length, side[2] / length]
  return [first, cross(normal, first), normal]
}

function findPoint(random: Random, around: Surroundings, accept: (p: Point) => boolean): Point | undefined {
  for (let attempt = 0; attempt < 1500; attempt++) {
    const p = around.lungs.randomPoint(random)
    if (!accept(p)) continue
    const isFree = around.occupied.every(({ centre, radiusMm }) => {
      const dx = p[0] - centre[0]
      const dy = p[1] - centre[1]
      const dz = p[2] - centre[2]
      return dx * dx + dy * dy + dz * dz > (radiusMm + 14) * (radiusMm + 14)
    })
    if (isFree) return p
  }
  return undefined
}

/** The layers to paint after vessels and airways, before nodules. */
export function planHardNegatives(seed: number, around: Surroundings): Layer[] {
  const random = new Random(seed, 5)
  const blobs: Blob[] = []
  const anywhere = new TubeList()
  const inLung = new TubeList()
  addPerifissuralNodes(random, around, blobs)
  addScars(random, around, inLung)
  addBands(random, around, blobs)
  addPlaques(random, around, blobs)
  addMucusPlugs(random, around, anywhere)
  const bumps = random.pick([0.5, 0.3, 0.2])
  for (let i = 0; i < bumps; i++) {
    const [x, y, z] = around.costochondral[random.below(around.costochondral.length)]
    const radius = random.uniform(4.5, 7)
    const hu = random.uniform(180, 450)
    blobs.push({
      centre: [x * 0.97, y - 4.5, z],
      radii: [radius, radius, radius * 0.9],
      hu,
      shellMm: 1.2,
      shellHu: hu + 200,
      label: labelOf['hard negative: costochondral bump'],
    })
  }
  return [
    { blobs, tubes: anywhere, where: 'anywhere' },
    { blobs: [], tubes: inLung, where: 'lung' },
  ]
}

function addPerifissuralNodes(random: Random, around: Surroundings, blobs: Blob[]): void {
  const { lungs, occupied } = around
  const count = random.pick([0.45, 0.35, 0.2])
  for (let i = 0; i < count; i++) {
    const p = findPoint(
      random,
      around,
      ([x, y, z]) => lungs.distance(x, y, z) < -6 && lungs.fissure(x, y, z) < 1,
    )
    if (!p) continue
    const width = random.uniform(1.8, 3.6)
    const axes = frame(random, gradient(lungs.fissure, [p[0], p[1], p[2] + 2]))
    blobs.push({
      centre: p,
      radii: [width * random.uniform(1.2, 1.8), width, random.uniform(0.8, 1.3)],
      axes,
      hu: random.normal(0, 25),
      label: labelOf['hard negative: perifissural lymph node'],
    })
    occupied.push({ centre: p, radiusMm: width })
  }
}

function addScars(random: Random, around: Surroundings, tubes: TubeList): void {
  const { lungs, chest } = around
  const apex = chest.centreZ + chest.apexHeight
  const count = random.pick([0.6, 0.25, 0.15])
  for (let i = 0; i < count; i++) {
    const p = findPoint(random, around, ([x, y, z]) => {
      const d = lungs.distance(x, y, z)
      return z > apex - 38 && d < -1 && d > -5
    })
    if (!p) continue
    const hu = random.normal(0, 40)
    const strands = 4 + random.below(6)
    for (let s = 0; s < strands; s++) {
      const from = random.direction()
      const to = random.direction()
      const size = random.uniform(3, 9)
      const end: Point = [p[0] + to[0] * size, p[1] + to[1] * size, p[2] - Math.abs(to[2]) * size]
      tubes.add(
        [p[0] + from[0] * 2, p[1] + from[1] * 2, p[2] + from[2] * 2],
        end,
        random.uniform(1, 2.6),
        random.uniform(0.2, 0.8),
        hu,
        labelOf['hard negative: apical scar'],
      )
    }
  }
}

function addBands(random: Random, around: Surroundings, blobs: Blob[]): void {
  const { lungs, chest } = around
  const count = random.pick([0.55, 0.3, 0.15])
  for (let i = 0; i < count; i++) {
    const p = findPoint(random, around, ([x, y, z]) => {
      const d = lungs.distance(x, y, z)
      return z < chest.domeRightZ + 35 && d < -4 && d > -13
    })
    if (!p) continue
    const tilt = random.direction()
    const axes = frame(
      random,
      gradient((x, y, z) => z + 0.5 * (tilt[0] * x + tilt[1] * y), p),
    )
    blobs.push({
      centre: p,
      radii: [random.uniform(9, 22), random.uniform(5, 12), random.uniform(0.7, 1.5)],
      axes,
      hu: random.normal(-20, 40),
      label: labelOf['hard negative: atelectasis band'],
      softMm: 0.5,
    })
  }
}

function addPlaques(random: Random, around: Surroundings, blobs: Blob[]): void {
  const { lungs } = around
  const count = random.chance(0.2) ? 1 + random.below(4) : 0
  const hu = random.chance(0.5) ? random.uniform(150, 500) : random.uniform(30, 70)
  for (let i = 0; i < count; i++) {
    const p = findPoint(
      random,
      around,
      ([x, y, z]) => Math.abs(x) > 50 && Math.abs(lungs.distance(x, y, z) + 0.5) < 0.7,
    )
    if (!p) continue
    const axes = frame(random, gradient(lungs.distance, p))
    blobs.push({
      centre: p,
      radii: [random.uniform(6, 16), random.uniform(5, 12), random.uniform(1.2, 2.6)],
      axes,
      hu,
      label: labelOf['hard negative: pleural plaque'],
    })
  }
}

function addMucusPlugs(random: Random, { bronchi }: Surroundings, tubes: TubeList): void {
  const small = bronchi.filter(({ radius }) => radius > 0.9 && radius < 2.6)
  const count = small.length > 0 ? random.pick([0.5, 0.3, 0.2]) : 0
  for (let i = 0; i < count; i++) {
    const { from, to, radius } = small[random.below(small.length)]
    const wide = radius * random.uniform(1.05, 1.5)
    tubes.add(from, to, wide, wide, random.uniform(0, 40), labelOf['hard negative: mucus plug'])
  }
}
