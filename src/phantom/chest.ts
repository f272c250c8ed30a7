// The patient as numbers: sizes, positions and tissue values sampled once per seed. All lengths mm, positions RAS (x right, y anterior,
// z superior) with the origin on the midline at mid chest; the heart lies at negative x (patient's left), the liver at positive x.
import { Random, streamKey } from './random.ts'

export interface Chest {
  readonly bodyHalfWidth: number
  readonly bodyHalfDepth: number
  /** In-plane exponent shape of body and cage: 2 is an ellipse, 0 a fourth-power superellipse. */
  readonly squareness: number
  /** Each lung is an asymmetric superellipsoid around x = ±lungX. */
  readonly lungX: number
  readonly lungLateral: number
  readonly lungMedial: number
  readonly lungHalfDepth: number
  readonly centreY: number
  readonly centreZ: number
  readonly apexHeight: number
  readonly baseHeight: number
  /** Top of the diaphragm's dome on the right and on the left. */
  readonly domeRightZ: number
  readonly domeLeftZ: number
  readonly slabHalfWidth: number
  readonly spineY: number
  readonly heart: {
    readonly centre: readonly [number, number, number]
    readonly radii: readonly [number, number, number]
  }
  readonly scale: number
  readonly obliqueZ: readonly [right: number, left: number]
  readonly obliqueSlope: readonly [right: number, left: number]
  readonly horizontalZ: number
  readonly couch: boolean
  readonly contrast: boolean
  readonly hu: {
    readonly fat: number
    readonly muscle: number
    readonly lungAnterior: number
    readonly lungPosterior: number
    readonly lungTexture: number
    readonly vessel: number
    readonly heart: number
    readonly cortex: number
    readonly marrow: number
    readonly liver: number
    readonly spleen: number
    readonly kidney: number
  }
  /** HU added near the dependent pleura (0 in most seeds), and share of emphysema (0 in most). */
  readonly dependentHu: number
  readonly emphysema: number
  readonly fissureHu: number
  readonly muscleMm: number
  readonly keys: {
    readonly lung: number
    readonly lungFine: number
    readonly tissue: number
    readonly tissueFine: number
    readonly wall: number
  }
}

/** Samples the chest of a seed. */
export function planChest(seed: number): Chest {
  const random = new Random(seed, 1)
  const bodyHalfWidth = random.uniform(160, 200)
  const bodyHalfDepth = random.uniform(100, 130)
  const cageHalfWidth = bodyHalfWidth * random.uniform(0.78, 0.84)
  const cageHalfDepth = bodyHalfDepth * random.uniform(0.76, 0.82)
  const lungX = cageHalfWidth * random.uniform(0.45, 0.49)
  const scale = cageHalfWidth / 145
  const height = random.uniform(0.9, 1.1)
  const domeRightZ = random.uniform(-66, -44) * height
  const domeLeftZ = domeRightZ - random.uniform(4, 16)
  const contrast = random.chance(0.4)
  const soft = random.normal(45, 5)
  const lungAnterior = -866 + random.normal(0, 28)
  const obliqueZ = random.uniform(-8, 12)
  const centreY = random.uniform(3, 9)
  const enhanced = random.uniform(130, 230)
  return {
    bodyHalfWidth,
    bodyHalfDepth,
    squareness: random.uniform(0.7, 1.3),
    lungX,
    lungLateral: cageHalfWidth - lungX,
    lungMedial: lungX - random.uniform(0, 4),
    lungHalfDepth: cageHalfDepth * 0.97,
    centreY,
    centreZ: -35 * height,
    apexHeight: random.uniform(148, 165) * height,
    baseHeight: 270 * height,
    domeRightZ,
    domeLeftZ,
    slabHalfWidth: random.uniform(24, 30) * scale,
    spineY: centreY - cageHalfDepth * random.uniform(0.66, 0.74),
    heart: {
      centre: [
        random.uniform(-32, -22) * scale,
        centreY + random.uniform(14, 24),
        domeLeftZ + random.uniform(22, 32),
      ],
      radii: [random.uniform(52, 62) * scale, random.uniform(40, 48) * scale, random.uniform(46, 54) * scale],
    },
    scale,
    obliqueZ: [obliqueZ - 8, obliqueZ],
    obliqueSlope: [random.uniform(0.75, 0.95), random.uniform(0.8, 1)],
    horizontalZ: obliqueZ - random.uniform(8, 20),
    couch: random.chance(0.5),
    contrast,
    hu: {
      fat: random.normal(-100, 6),
      muscle: soft + 5,
      lungAnterior,
      lungPosterior: lungAnterior + random.uniform(30, 80),
      lungTexture: random.uniform(12, 38),
      vessel: contrast ? enhanced : random.normal(42, 8),
      heart: contrast ? random.uniform(90, 120) : random.normal(40, 5),
      cortex: random.normal(700, 90),
      marrow: random.normal(150, 40),
      liver: random.normal(60, 8) + (contrast ? 30 : 0),
      spleen: random.normal(50, 6) + (contrast ? 40 : 0),
      kidney: random.normal(30, 5) + (contrast ? 90 : 0),
    },
    dependentHu: random.chance(0.45) ? random.uniform(40, 220) : 0,
    emphysema: random.chance(0.25) ? random.uniform(0.1, 0.6) : 0,
    fissureHu: random.uniform(150, 620),
    muscleMm: random.uniform(9, 17),
    keys: {
      lung: streamKey(seed, 101),
      lungFine: streamKey(seed, 102),
      tissue: streamKey(seed, 103),
      tissueFine: streamKey(seed, 104),
      wall: streamKey(seed, 105),
    },
  }
}
