// Great vessels, trachea, oesophagus, heart chambers and the solid organs below the diaphragm.
import type { Chest } from './chest.ts'
import { diaphragmZ } from './surfaces.ts'
import { labelOf } from './labels.ts'
import type { Blob, Point } from './primitives.ts'
import { TubeList } from './primitives.ts'
import { Random } from './random.ts'

export interface Mediastinum {
  /** Aorta, caval veins, pulmonary arteries: they indent the lungs. */
  readonly greatVessels: TubeList
  readonly oesophagus: TubeList
  readonly organs: readonly Blob[]
  readonly chambers: readonly Blob[]
  readonly carina: Point
  readonly hilum: readonly [right: Point, left: Point]
  readonly atrium: Point
  readonly trachea: { readonly points: readonly Point[]; readonly radii: readonly number[] }
}

export function planMediastinum(seed: number, chest: Chest): Mediastinum {
  const random = new Random(seed, 2)
  const k = chest.scale
  const y0 = chest.centreY
  const carina: Point = [random.uniform(0, 6), y0 - 8, random.uniform(24, 34)]
  const rightHilum: Point = [38 * k, y0 - 12, carina[2] - 20]
  const leftHilum: Point = [-39 * k, y0 - 14, carina[2] - 13]
  const greatVessels = new TubeList()
  const aorticRadius = random.uniform(11, 15)
  addAorta(greatVessels, chest, carina, aorticRadius)
  const vessel = labelOf.vessels
  const hu = chest.hu.vessel
  const cava = random.uniform(7, 10)
  const svc: Point[] = [
    [22 * k, y0 + 18, carina[2] + 62],
    [23 * k, y0 + 14, carina[2] + 20],
    [22 * k, y0 + 8, carina[2] - 35],
  ]
  greatVessels.addChain(
    svc,
    [cava * 0.9, cava, cava],
    hu + (chest.contrast ? random.uniform(0, 250) : 0),
    vessel,
  )
  greatVessels.addChain(
    [[-28 * k, y0 + 26, carina[2] + 64], [0, y0 + 26, carina[2] + 56], svc[0]],
    [5, 6, 6],
    hu,
    vessel,
  )
  const trunk: Point = [-14 * k, y0 + 30, carina[2] - 26]
  const fork: Point = [-15 * k, y0 + 9, carina[2] - 6]
  greatVessels.addChain([trunk, fork], [13 * k, 12 * k], hu, vessel)
  greatVessels.addChain(
    [fork, [8, y0 + 7, carina[2] - 15], [30 * k, y0 - 4, rightHilum[2] + 1], rightHilum],
    [10.5 * k, 10 * k, 9 * k, 8 * k],
    hu,
    vessel,
  )
  greatVessels.addChain(
    [fork, [-28 * k, y0 - 2, carina[2] - 3], leftHilum],
    [10 * k, 9.5 * k, 8 * k],
    hu,
    vessel,
  )
  const oesophagus = new TubeList()
  const tube: Point[] = []
  for (let i = 0; i <= 6; i++)
    tube.push([
      -4 - (i < 2 ? 6 : 0) + random.normal(0, 1),
      y0 - 26 - (i < 3 ? 3 : 0),
      chest.domeLeftZ - 10 + 37 * i,
    ])
  oesophagus.addChain(
    tube,
    tube.map(() => random.uniform(6, 8)),
    chest.hu.muscle - 8,
    labelOf.oesophagus,
  )
  const tracheaRadius = random.uniform(8, 10)
  const top = carina[2] + 150
  return {
    greatVessels,
    oesophagus,
    organs: planOrgans(random, chest),
    chambers: planChambers(chest),
    carina,
    hilum: [rightHilum, leftHilum],
    atrium: [-4, y0 - 12, carina[2] - 52],
    trachea: {
      points: [[1, y0 + 12, top], [1 + random.normal(0, 2), y0 + 1, carina[2] + 60], carina],
      radii: [tracheaRadius, tracheaRadius, tracheaRadius],
    },
  }
}

function addAorta(vessels: TubeList, chest: Chest, carina: Point, radius: number): void {
  const k = chest.scale
  const y0 = chest.centreY
  const z = carina[2]
  const points: Point[] = [
    [4, y0 + 20, z - 52],
    [15 * k, y0 + 26, z - 20],
    [14 * k, y0 + 24, z + 10],
    [4, y0 + 17, z + 30],
    [-10 * k, y0 + 4, z + 36],
    [-19 * k, y0 - 12, z + 26],
    [-23 * k, y0 - 26, z + 4],
    [-22 * k, chest.spineY + 25, z - 40],
    [-17 * k, chest.spineY + 25, z - 90],
    [-10 * k, chest.spineY + 25, z - 230],
  ]
  const radii = [1.2, 1.2, 1.15, 1.1, 1, 0.95, 0.9, 0.86, 0.82, 0.75].map(share => share * radius)
  vessels.addChain(points, radii, chest.hu.vessel, labelOf.aorta)
  const branches: [number, Point][] = [
    [3, [10, y0 + 14, z + 105]],
    [4, [-12, y0 + 4, z + 110]],
    [5, [-24, y0 - 4, z + 108]],
  ]
  for (const [from, to] of branches)
    vessels.addChain([points[from], to], [6.5, 5], chest.hu.vessel, labelOf.vessels)
}

/** Blood pools show only with contrast; without it the heart is one grey. */
function planChambers(chest: Chest): Blob[] {
  if (!chest.contrast) return []
  const [cx, cy, cz] = chest.heart.centre
  const [rx, ry, rz] = chest.heart.radii
  const at = (x: number, y: number, z: number): Point => [cx + x * rx, cy + y * ry, cz + z * rz]
  const pool = (centre: Point, radii: Point): Blob => ({
    centre,
    radii,
    hu: chest.hu.vessel,
    label: labelOf.heart,
    softMm: 3,
  })
  return [
    pool(at(-0.4, -0.05, -0.25), [rx * 0.4, ry * 0.42, rz * 0.48]),
    pool(at(0.15, 0.5, -0.15), [rx * 0.5, ry * 0.34, rz * 0.5]),
    pool(at(0.68, 0, 0.1), [rx * 0.28, ry * 0.5, rz * 0.55]),
    pool(at(0.15, -0.62, 0.3), [rx * 0.5, ry * 0.3, rz * 0.4]),
  ]
}

function planOrgans(random: Random, chest: Chest): Blob[] {
  const side = chest.lungX + chest.lungLateral
  const stomachX = -side * 0.42
  const stomachY = chest.centreY + chest.lungHalfDepth * 0.25
  const stomach: Point = [stomachX, stomachY, diaphragmZ(chest, stomachX, stomachY) - 46]
  const spleenX = -side * 0.66
  const spleenY = chest.centreY - chest.lungHalfDepth * 0.42
  const spleen: Point = [spleenX, spleenY, diaphragmZ(chest, spleenX, spleenY) - 46]
  const kidney = (x: number): Blob => ({
    centre: [x, chest.spineY + 4, chest.domeRightZ - 118],
    radii: [26, 24, 52],
    hu: chest.hu.kidney,
    label: labelOf.kidneys,
  })
  const gas = random.uniform(8, 30)
  return [
    { centre: spleen, radii: [26, 38, 42], hu: chest.hu.spleen, label: labelOf.spleen },
    {
      centre: stomach,
      radii: [40, 42, 42],
      hu: random.uniform(10, 60),
      shellMm: 4,
      shellHu: chest.hu.muscle,
      label: labelOf.stomach,
    },
    {
      centre: [stomach[0], stomach[1] + 24, stomach[2] + 8],
      radii: [24, gas * 0.5, 26],
      hu: -960,
      label: labelOf.stomach,
    },
    kidney(52),
    kidney(-54),
  ]
}
