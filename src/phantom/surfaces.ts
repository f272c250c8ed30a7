// Signed distances (mm, negative inside) to the chest's large surfaces, and the lobes between the fissures. First-order distances
// f / |∇f|: right at the surface, where the soft edge is drawn, and only monotonic far away.
import type { Chest } from './chest.ts'
import { clamp, ramp } from './mathPortable.ts'
import { valueNoise } from './random.ts'

/**
 * Distance to the superellipsoid (u⁴ + v⁴ + k·u²v²)^½ + w² = 1 with u = x/a, v = y/b, w = z/c; k = 2 is an ellipsoid.
 */
export function superellipsoidDistance(
  x: number,
  y: number,
  z: number,
  a: number,
  b: number,
  c: number,
  k: number,
): number {
  const u = x / a
  const v = y / b
  const w = z / c
  const q = Math.sqrt(u * u * u * u + v * v * v * v + k * u * u * v * v)
  const f = Math.sqrt(q + w * w)
  if (f < 0.05) return -0.95 * Math.min(a, b, c)
  const guard = q < 1e-9 ? 1e-9 : q
  const gx = (2 * u * u * u + k * u * v * v) / (guard * a)
  const gy = (2 * v * v * v + k * u * u * v) / (guard * b)
  const gz = (2 * w) / c
  return ((f - 1) * 2 * f) / Math.sqrt(gx * gx + gy * gy + gz * gz)
}

/** Maximum of two distances with the edge between them rounded over `k` mm. */
export function smoothMax(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b)
  return Math.max(a, b) + (h > 0 ? (h * h) / (4 * k) : 0)
}

function smoothMin(a: number, b: number, k: number): number {
  return -smoothMax(-a, -b, k)
}

/** Outer skin. The trunk narrows towards the raised arms. */
export function bodyDistance(chest: Chest, x: number, y: number, z: number): number {
  const shoulder = ramp(z, 50, 170)
  const hips = ramp(-z, 90, 200)
  return superellipsoidDistance(
    x,
    y,
    0,
    chest.bodyHalfWidth * (1 - 0.13 * shoulder - 0.03 * hips),
    chest.bodyHalfDepth * (1 - 0.2 * shoulder),
    1e6,
    chest.squareness * 0.9,
  )
}

/** Inner surface of the rib cage. */
export function cageDistance(chest: Chest, x: number, y: number, z: number): number {
  const dz = z - chest.centreZ
  return superellipsoidDistance(
    x,
    y - chest.centreY,
    dz,
    chest.lungX + chest.lungLateral + 1,
    chest.lungHalfDepth * 1.06 + 1,
    (dz > 0 ? chest.apexHeight : chest.baseHeight) + 2,
    chest.squareness,
  )
}

/** Height of the diaphragm above (x, y). */
export function diaphragmZ(chest: Chest, x: number, y: number): number {
  const height = (side: number, top: number) => {
    const dx = side * x - chest.lungX * 1.02
    const u = dx / (dx > 0 ? chest.lungLateral : chest.lungMedial)
    const dy = y - chest.centreY - 12
    const v = dy / chest.lungHalfDepth
    return top - (dx > 0 ? 58 : 22) * u * u - (dy > 0 ? 38 : 66) * v * v
  }
  const right = ramp(x, -22, 22)
  return right * height(1, chest.domeRightZ) + (1 - right) * height(-1, chest.domeLeftZ)
}

export function heartDistance(chest: Chest, x: number, y: number, z: number): number {
  const [cx, cy, cz] = chest.heart.centre
  const [rx, ry, rz] = chest.heart.radii
  // The long axis runs down and to the left; the shear is a cheap tilt.
  const dz = z - cz
  const dx = x - cx - 0.35 * dz
  const dy = y - cy + 0.15 * dz
  return superellipsoidDistance(dx, dy, dz, rx, ry, rz, 2)
}

/** What parts the lungs: midline structures, heart with pericardium, spine; great vessels are given by `tubeDistance`. */
export function mediastinumDistance(
  chest: Chest,
  x: number,
  y: number,
  z: number,
  tubeDistance: number,
): number {
  const t = (y - chest.centreY) / chest.lungHalfDepth
  const high = ramp(z, 30, 100)
  const anterior = 5 + 15 * high
  const posterior = 13
  const middle = chest.slabHalfWidth * (1 - 0.1 * high)
  const half =
    t > 0
      ? middle + (anterior - middle) * ramp(t, 0.05, 0.75)
      : middle + (posterior - middle) * ramp(-t, 0.15, 0.6)
  const slab = (Math.abs(x + 3 - 6 * ramp(-z, -20, 60)) - half) * 0.95
  const heart = heartDistance(chest, x, y, z) - 4
  const spineX = x / 23
  const spineDy = (y - chest.spineY + 9) / 29
  const spine = (Math.sqrt(spineX * spineX + spineDy * spineDy) - 1) * 24
  return smoothMin(smoothMin(smoothMin(slab, heart, 10), spine, 8), tubeDistance - 2.5, 5)
}

/** Distance to the lungs' surface, either side. `tubeDistance`: to the great vessels. */
export function lungDistance(chest: Chest, x: number, y: number, z: number, tubeDistance: number): number {
  const side = x >= 0 ? 1 : -1
  const dx = side * x - chest.lungX
  const dz = z - chest.centreZ
  const half = superellipsoidDistance(
    dx,
    y - chest.centreY,
    dz,
    dx > 0 ? chest.lungLateral : chest.lungMedial,
    chest.lungHalfDepth,
    dz > 0 ? chest.apexHeight : chest.baseHeight,
    1.1,
  )
  let d = Math.max(half, cageDistance(chest, x, y, z) + 1.5)
  if (d > 25) return d
  // The pleura is not smooth: ribs, fat and vessels press on it.
  if (d > -8) d += 0.9 * valueNoise(chest.keys.wall, x, y, z, 14)
  d = smoothMax(d, -mediastinumDistance(chest, x, y, z, tubeDistance), 9)
  return Math.max(d, (diaphragmZ(chest, x, y) - z) * 0.82)
}

/** Signed height above the oblique fissure of the side of x: positive in the upper (and middle) lobe. */
export function obliqueFissure(chest: Chest, x: number, y: number, z: number): number {
  const side = x >= 0 ? 0 : 1
  const slope = chest.obliqueSlope[side]
  const dy = y - chest.centreY
  const bow = 0.0011 * (x * x - 70 * 70) + 0.0015 * dy * dy
  return (z - chest.obliqueZ[side] + slope * dy + bow) / Math.sqrt(1 + slope * slope)
}

/** Signed height above the horizontal fissure (right lung only; far below on the left). */
export function horizontalFissure(chest: Chest, x: number, y: number, z: number): number {
  if (x < 0) return 1000
  const dy = y - chest.centreY
  return z - chest.horizontalZ - 0.0012 * dy * dy - 0.0006 * (x - 60) * (x - 60) + 0.08 * dy
}

/** 0 right upper, 1 right middle, 2 right lower, 3 left upper, 4 left lower: the order of `lobes`. */
export function lobeAt(isRight: boolean, oblique: number, horizontal: number): number {
  if (!isRight) return oblique > 0 ? 3 : 4
  if (oblique <= 0) return 2
  return horizontal > 0 ? 0 : 1
}

/** HU of lung tissue: gravity gradient, patches, dependent density, emphysema. `depth` is the distance to the pleura (> 0 inside). */
export function parenchymaHu(chest: Chest, x: number, y: number, z: number, depth: number): number {
  const { hu } = chest
  const posterior = clamp(0.5 - (y - chest.centreY) / (2 * chest.lungHalfDepth), 0, 1)
  let value = hu.lungAnterior + (hu.lungPosterior - hu.lungAnterior) * posterior
  value +=
    hu.lungTexture *
    (valueNoise(chest.keys.lung, x, y, z, 17) + 0.9 * valueNoise(chest.keys.lungFine, x, y, z, 7))
  if (chest.dependentHu > 0 && posterior > 0.55)
    value +=
      chest.dependentHu *
      ramp(posterior, 0.6, 0.95) *
      (1 - ramp(depth, 1, 14)) *
      (0.7 + 0.3 * valueNoise(chest.keys.lungFine, x, y, z, 11))
  if (chest.emphysema > 0) {
    const hole = valueNoise(chest.keys.lung, x + 500, y, z, 13) + 0.5 * ramp(z, -40, 90)
    value += (-965 - value) * chest.emphysema * ramp(hole, 0.1, 0.7)
  }
  return Math.max(value, -985)
}
