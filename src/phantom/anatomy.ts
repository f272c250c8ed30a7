// The whole patient as a plan: everything that a seed decides, with the truth about its nodules, before a single voxel is made.
import type { Appearance } from './appearance.ts'
import { drawAppearance } from './appearance.ts'
import type { Chest } from './chest.ts'
import { planChest } from './chest.ts'
import { planHardNegatives } from './hardNegatives.ts'
import { labelOf, lobes } from './labels.ts'
import type { Lobe } from './labels.ts'
import type { Mediastinum } from './mediastinum.ts'
import { planMediastinum } from './mediastinum.ts'
import type { NoduleShape } from './noduleShape.ts'
import { drawShape } from './noduleDraw.ts'
import { measureShape } from './noduleMeasure.ts'
import type { Lungs, Occupied } from './placement.ts'
import { fillLobes, lungsOf, placeNodule } from './placement.ts'
import type { Layer, Point } from './primitives.ts'
import { TubeList } from './primitives.ts'
import { Random } from './random.ts'
import type { Scanner } from './scanner.ts'
import { planScanner } from './scanner.ts'
import { planSkeleton } from './skeleton.ts'
import { heartDistance, parenchymaHu } from './surfaces.ts'
import type { Bronchi } from './trees.ts'
import { growTree } from './trees.ts'

/** The truth about one nodule: positions in RAS mm, the part inside the lung, without its spicules. */
export interface PhantomNodule extends Omit<Appearance, 'diameterMm' | 'upperLobe'> {
  /** Its value in the instance volume. */
  readonly id: number
  readonly centreRasMm: Point
  /** Of the sphere of the same volume. */
  readonly radiusMm: number
  readonly volumeMm3: number
  readonly longAxisMm: number
  readonly shortAxisMm: number
  readonly lobe: Lobe
}

export interface PhantomPlan {
  readonly seed: number
  readonly chest: Chest
  readonly mediastinum: Mediastinum
  readonly scanner: Scanner
  readonly lungs: Lungs
  /** Painted in this order over body and lungs; nodules last. */
  readonly layers: readonly Layer[]
  readonly shapes: readonly NoduleShape[]
  readonly nodules: readonly PhantomNodule[]
  /** Corners of the scanned box, RAS mm. */
  readonly lowRasMm: Point
  readonly highRasMm: Point
}

/** Plans a chest: geometry, nodules and scanner of a seed (about a tenth of a second; render as many crops from it as you like). */
export function planPhantom(seed: number): PhantomPlan {
  const chest = planChest(seed)
  const mediastinum = planMediastinum(seed, chest)
  const skeleton = planSkeleton(seed, chest)
  const lungs = lungsOf(chest, mediastinum)
  const { arteries, veins, bronchi } = planTrees(seed, chest, mediastinum, lungs)
  const occupied: Occupied[] = []
  const found = planNodules(seed, chest, lungs, arteries, occupied)
  const none = new TubeList()
  const layers: Layer[] = [
    { blobs: mediastinum.organs, tubes: none, where: 'outside lung' },
    { blobs: mediastinum.chambers, tubes: none, where: 'outside lung' },
    { blobs: skeleton.blobs, tubes: skeleton.cortex, where: 'outside lung' },
    { blobs: [], tubes: skeleton.marrow, where: 'outside lung' },
    { blobs: [], tubes: mediastinum.oesophagus, where: 'outside lung' },
    { blobs: [], tubes: mediastinum.greatVessels, where: 'anywhere' },
    { blobs: [], tubes: veins, where: 'anywhere' },
    { blobs: [], tubes: arteries, where: 'anywhere' },
    { blobs: [], tubes: bronchi.walls, where: 'anywhere' },
    { blobs: [], tubes: bronchi.lumina, where: 'anywhere' },
    ...planHardNegatives(seed, {
      chest,
      lungs,
      costochondral: skeleton.costochondral,
      bronchi: bronchi.segments,
      occupied,
    }),
  ]
  const side = chest.bodyHalfWidth + 8
  const depth = chest.bodyHalfDepth + 8
  return {
    seed,
    chest,
    mediastinum,
    scanner: planScanner(seed, [22 * chest.scale, chest.centreY + 14, mediastinum.carina[2] + 20]),
    lungs,
    layers,
    shapes: found.shapes,
    nodules: found.nodules,
    lowRasMm: [-side, -depth - (chest.couch ? 22 : 0), chest.domeLeftZ - 100],
    highRasMm: [side, depth, chest.centreZ + chest.apexHeight + 18],
  }
}

function planTrees(seed: number, chest: Chest, mediastinum: Mediastinum, lungs: Lungs) {
  const random = new Random(seed, 4)
  const arteries = new TubeList()
  const veins = new TubeList()
  const walls = new TubeList()
  const lumina = new TubeList()
  const segments: Bronchi['segments'] = []
  const { trachea, carina, hilum, atrium } = mediastinum
  const windpipe = (points: readonly Point[], radii: readonly number[]) => {
    walls.addChain(
      points,
      radii.map(r => r + 1.4),
      0,
      labelOf.airways,
    )
    lumina.addChain(points, radii, -985, labelOf.airways)
  }
  windpipe(trachea.points, trachea.radii)
  const bronchusEnds: Point[] = hilum.map(
    (point, side) => [point[0] * 0.85, point[1] - 5, point[2] + (side === 0 ? 6 : 3)] as const,
  )
  bronchusEnds.forEach((end, side) => windpipe([carina, end], side === 0 ? [7.5, 6.3] : [6.8, 5.6]))
  const arterial = fillLobes(random, lungs, 4800, 3)
  const venous = fillLobes(random, lungs, 3400, 4)
  const leafRadius = random.uniform(0.34, 0.46)
  const isBlocked = ([x, y, z]: Point) => heartDistance(chest, x, y, z) < -2
  const isOutside = ([x, y, z]: Point) => lungs.distance(x, y, z) > 1.5
  for (let lobe = 0; lobe < 5; lobe++) {
    const side = lobe < 3 ? 0 : 1
    const x = side === 0 ? 1 : -1
    const offset: Point = [x * 0.3, lobe === 2 || lobe === 4 ? -0.5 : 0.4, 0.8]
    const length = Math.sqrt(offset[0] * offset[0] + offset[1] * offset[1] + offset[2] * offset[2])
    const bronchi: Bronchi = {
      walls,
      lumina,
      segments,
      isOutside,
      offset: [offset[0] / length, offset[1] / length, offset[2] / length],
    }
    if (arterial[lobe].length > 0)
      growTree(seed, 20 + lobe, hilum[side], arterial[lobe], bronchusEnds[side], {
        leafRadius,
        hu: chest.hu.vessel,
        vessels: arteries,
        isBlocked,
        bronchi,
      })
    const mouth: Point = [
      atrium[0] + x * 26 * chest.scale,
      atrium[1],
      atrium[2] + (lobe === 2 || lobe === 4 ? -8 : 10),
    ]
    if (venous[lobe].length === 0) continue
    const radius = growTree(seed, 30 + lobe, mouth, venous[lobe], undefined, {
      leafRadius,
      hu: chest.hu.vessel,
      vessels: veins,
      isBlocked,
    })
    veins.add(atrium, mouth, radius, radius, chest.hu.vessel, labelOf.vessels)
  }
  return { arteries, veins, bronchi: { walls, lumina, segments } }
}

function planNodules(seed: number, chest: Chest, lungs: Lungs, arteries: TubeList, occupied: Occupied[]) {
  const random = new Random(seed, 7)
  const count = random.pick([0.08, 0.13, 0.16, 0.16, 0.14, 0.12, 0.09, 0.07, 0.05])
  const shapes: NoduleShape[] = []
  const nodules: PhantomNodule[] = []
  const isLung = (x: number, y: number, z: number) => lungs.distance(x, y, z) < 0
  for (let i = 0; i < count; i++) {
    const appearance = drawAppearance(random)
    const centre = placeNodule(random, lungs, arteries, appearance, occupied)
    if (!centre) continue
    const depth = -lungs.distance(...centre)
    const shape = drawShape(
      random,
      appearance,
      centre,
      chest.hu.vessel,
      parenchymaHu(chest, centre[0], centre[1], centre[2], depth),
    )
    const { centroid, ...measures } = measureShape(shape, isLung, depth < shape.reachMm + 1)
    occupied.push({ centre, radiusMm: shape.reachMm })
    shapes.push(shape)
    nodules.push({
      id: nodules.length + 1,
      centreRasMm: centroid,
      ...measures,
      texture: appearance.texture,
      margin: appearance.margin,
      calcification: appearance.calcification,
      attachment: appearance.attachment,
      interior: appearance.interior,
      malignant: appearance.malignant,
      likelihoodRatio: appearance.likelihoodRatio,
      lobe: lobes[lungs.lobe(...centroid)],
    })
  }
  return { shapes, nodules }
}
