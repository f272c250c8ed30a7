// Twelve pairs of ribs that follow the cage, thoracic spine with processes, sternum, clavicles and scapulae.
import type { Chest } from './chest.ts'
import { labelOf } from './labels.ts'
import { cosine, sine } from './mathPortable.ts'
import type { Blob, Point } from './primitives.ts'
import { TubeList } from './primitives.ts'
import { Random } from './random.ts'
import { bodyDistance, cageDistance } from './surfaces.ts'

export interface Skeleton {
  readonly cortex: TubeList
  readonly marrow: TubeList
  readonly blobs: readonly Blob[]
  /** Where the bony ribs end in cartilage: costochondral bumps sit here. */
  readonly costochondral: readonly Point[]
}

export function planSkeleton(seed: number, chest: Chest): Skeleton {
  const random = new Random(seed, 3)
  const cortex = new TubeList()
  const marrow = new TubeList()
  const costochondral: Point[] = []
  const top = chest.centreZ + chest.apexHeight
  const pitch = random.uniform(22, 25)
  for (let rib = 0; rib < 12; rib++)
    for (const side of [1, -1])
      addRib(random, chest, { rib, side, top, pitch }, cortex, marrow, costochondral)
  const blobs = [...planSpine(random, chest, top, pitch, cortex), ...planFront(random, chest, top)]
  for (const side of [1, -1]) blobs.push(...planShoulder(random, chest, side, top, cortex, marrow))
  return { cortex, marrow, blobs, costochondral }
}

interface RibPlace {
  readonly rib: number
  readonly side: number
  readonly top: number
  readonly pitch: number
}

/** Point on the cage, `outMm` outside it, in direction (cos, sin) from the midline at height z. */
function cagePoint(chest: Chest, directionX: number, directionY: number, z: number, outMm: number): Point {
  let low = 0
  let high = 230
  for (let i = 0; i < 22; i++) {
    const r = 0.5 * (low + high)
    if (cageDistance(chest, r * directionX, chest.centreY + r * directionY, z) < outMm) low = r
    else high = r
  }
  return [low * directionX, chest.centreY + low * directionY, z]
}

function addRib(
  random: Random,
  chest: Chest,
  place: RibPlace,
  cortex: TubeList,
  marrow: TubeList,
  ends: Point[],
): void {
  const { rib, side, top, pitch } = place
  const backZ = top - 4 - rib * pitch
  const drop = 18 + rib * 7 + random.normal(0, 2)
  const cartilage = rib < 7 ? 0.8 : 0.75 - (rib - 7) * 0.1
  const reach = rib < 7 ? 1 : rib < 10 ? 0.92 - (rib - 7) * 0.1 : 0.55 - (rib - 10) * 0.12
  const radius = rib === 0 ? 4.2 : 5 + random.normal(0, 0.3)
  const steps = 26
  let previous: Point | undefined
  for (let i = 0; i <= steps; i++) {
    const t = (i / steps) * reach
    const angle = (-77 + t * 151) * 0.017453292519943295
    const z = backZ - drop * (t < 0.75 ? t / 0.75 : 1 - (t - 0.75) * (rib < 5 ? -0.3 : 1.6))
    const outMm = 6.5 + (t < 0.06 ? -5 : 0)
    const point = cagePoint(chest, side * cosine(angle), sine(angle), Math.min(z, top - 6), outMm)
    if (previous) {
      const soft = t > cartilage
      cortex.add(previous, point, radius, radius, soft ? 110 : chest.hu.cortex, labelOf.ribs)
      if (!soft) marrow.add(previous, point, radius - 1.6, radius - 1.6, chest.hu.marrow, labelOf.ribs)
      if (soft && rib < 7 && t - reach / steps <= cartilage) ends.push(point)
    }
    previous = point
  }
}

function planSpine(random: Random, chest: Chest, top: number, pitch: number, cortex: TubeList): Blob[] {
  const blobs: Blob[] = []
  const { cortex: cortexHu, marrow: marrowHu } = chest.hu
  for (let level = -2; level < 14; level++) {
    const z = top - level * pitch
    const size = 1 + 0.022 * level
    const y = chest.spineY - 6 * ((level - 6) / 8) * ((level - 6) / 8) + 3
    blobs.push({
      centre: [0, y, z],
      radii: [15.5 * size, 13 * size, pitch * 0.4],
      cylinder: true,
      hu: marrowHu + 40,
      shellMm: 1.3,
      shellHu: cortexHu * 0.75,
      label: labelOf.spine,
    })
    blobs.push({
      centre: [0, y, z - pitch * 0.5],
      radii: [15 * size, 12.5 * size, pitch * 0.11],
      cylinder: true,
      hu: 85,
      label: labelOf.spine,
    })
    const arch = y - 13 * size
    const bone = cortexHu * 0.62
    for (const side of [1, -1]) {
      cortex.add([side * 11, arch, z], [side * 10, arch - 15, z], 4, 3.5, bone, labelOf.spine)
      cortex.add([side * 10, arch - 15, z], [0, arch - 21, z - 4], 3.5, 4, bone, labelOf.spine)
      cortex.add(
        [side * 11, arch - 8, z],
        [side * (34 - level), arch - 20, z + 3],
        4.5,
        4,
        bone,
        labelOf.spine,
      )
    }
    cortex.add([0, arch - 20, z - 4], [random.normal(0, 1), arch - 32, z - 22], 3.5, 3, bone, labelOf.spine)
  }
  return blobs
}

function planFront(random: Random, chest: Chest, top: number): Blob[] {
  const bone = {
    hu: chest.hu.marrow,
    shellMm: 1.4,
    shellHu: chest.hu.cortex * 0.7,
    label: labelOf['sternum and clavicles'],
  }
  const at = (z: number) => cagePoint(chest, 0.0001, 1, z, 7)[1]
  const manubrium = top - 62
  const body = manubrium - 78
  const lean = (at(body + 40) - at(body - 40)) / 80
  const norm = Math.sqrt(1 + lean * lean)
  const axes: [Point, Point, Point] = [
    [1, 0, 0],
    [0, 1 / norm, -lean / norm],
    [0, lean / norm, 1 / norm],
  ]
  return [
    { ...bone, centre: [0, at(manubrium), manubrium], radii: [27, 7, 25], axes },
    { ...bone, centre: [0, at(body), body], radii: [random.uniform(15, 20), 6.5, 58], axes },
  ]
}

function planShoulder(
  random: Random,
  chest: Chest,
  side: number,
  top: number,
  cortex: TubeList,
  marrow: TubeList,
): Blob[] {
  const clavicle = labelOf['sternum and clavicles']
  const inner = cagePoint(chest, 0.12 * side, 0.99, top - 48, 11)
  const points: Point[] = [
    inner,
    [side * 60, inner[1] + 4, top - 28],
    [side * 105, inner[1] - 22, top - 2],
    [side * 140, inner[1] - 45, top + 14],
  ]
  cortex.addChain(points, [8, 6, 5.5, 6], chest.hu.cortex, clavicle)
  marrow.addChain(points, [6.3, 4.2, 3.7, 4.2], chest.hu.marrow, clavicle)
  const z = top - 62 + random.normal(0, 6)
  const middle = cagePoint(chest, side * 0.8, -0.6, z, 17)
  // The blade follows the cage: its normal points outwards and backwards.
  const axes: [Point, Point, Point] = [
    [side * 0.64, -0.768, 0],
    [side * 0.768, 0.64, 0],
    [0, 0, 1],
  ]
  const blade = {
    hu: chest.hu.marrow + 150,
    shellMm: 1.2,
    shellHu: chest.hu.cortex,
    label: labelOf.scapulae,
    axes,
  }
  const edge: Point = [middle[0] + side * 26, middle[1] + 22, z + 22]
  cortex.addChain(
    [
      [middle[0] - side * 18, middle[1] - 20, z + 22],
      [middle[0] + side * 10, middle[1] - 6, z + 40],
      [edge[0] + side * 12, edge[1] + 4, z + 62],
    ],
    [4, 6, 7],
    chest.hu.cortex * 0.7,
    labelOf.scapulae,
  )
  const head: Point = [edge[0] + side * 24, edge[1] + 10, z + 78]
  const humerus: Blob[] =
    bodyDistance(chest, head[0], head[1], head[2]) < -10
      ? [
          {
            centre: head,
            radii: [22, 22, 23],
            hu: chest.hu.marrow,
            shellMm: 1.8,
            shellHu: chest.hu.cortex,
            label: labelOf.scapulae,
          },
        ]
      : []
  return [
    { ...blade, centre: middle, radii: [4.2, 36, 58] },
    { ...blade, centre: edge, radii: [8, 10, 30] },
    ...humerus,
  ]
}
