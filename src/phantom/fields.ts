// The large, smooth surfaces evaluated on a coarse lattice of 4 mm anchored in the world; voxels interpolate it trilinearly. The
// error against the true surface is h²/8R, a few hundredths of a millimetre, and a crop costs a hundredth of the evaluations.
import type { Axis } from './cropGrid.ts'
import type { PhantomPlan } from './anatomy.ts'
import {
  bodyDistance,
  cageDistance,
  diaphragmZ,
  heartDistance,
  horizontalFissure,
  obliqueFissure,
  parenchymaHu,
} from './surfaces.ts'
import { ramp } from './mathPortable.ts'
import { valueNoise } from './random.ts'

const latticeMm = 4

/** Order of the values at a lattice node. */
export const field = {
  body: 0,
  lung: 1,
  lungHu: 2,
  oblique: 3,
  horizontal: 4,
  cage: 5,
  muscle: 6,
  diaphragm: 7,
  heart: 8,
  liver: 9,
  tissue: 10,
} as const
export const fieldCount = 11

/** Where an axis' voxels lie on the lattice. */
export interface LatticeAxis {
  readonly first: number
  readonly count: number
  readonly index: Int32Array
  readonly fraction: Float64Array
}

export interface Fields {
  readonly z: LatticeAxis
  readonly y: LatticeAxis
  readonly x: LatticeAxis
  /** [field][z][y][x] */
  readonly values: readonly Float32Array[]
}

function latticeAxis(axis: Axis): LatticeAxis {
  const first = Math.floor(axis.positions[0] / latticeMm)
  const last = Math.floor(axis.positions[axis.count - 1] / latticeMm) + 1
  const index = new Int32Array(axis.count)
  const fraction = new Float64Array(axis.count)
  for (let i = 0; i < axis.count; i++) {
    const p = axis.positions[i] / latticeMm
    const cell = Math.floor(p)
    index[i] = cell - first
    fraction[i] = p - cell
  }
  return { first, count: last - first + 1, index, fraction }
}

/** Evaluates all fields on the lattice around a crop. */
export function sampleFields(plan: PhantomPlan, zAxis: Axis, yAxis: Axis, xAxis: Axis): Fields {
  const z = latticeAxis(zAxis)
  const y = latticeAxis(yAxis)
  const x = latticeAxis(xAxis)
  const size = z.count * y.count * x.count
  const values = Array.from({ length: fieldCount }, () => new Float32Array(size))
  const node = new Float64Array(fieldCount)
  let o = 0
  for (let k = 0; k < z.count; k++)
    for (let j = 0; j < y.count; j++)
      for (let i = 0; i < x.count; i++, o++) {
        evaluateNode(
          plan,
          (x.first + i) * latticeMm,
          (y.first + j) * latticeMm,
          (z.first + k) * latticeMm,
          node,
        )
        for (let f = 0; f < fieldCount; f++) values[f][o] = node[f]
      }
  return { z, y, x, values }
}

function evaluateNode(plan: PhantomPlan, x: number, y: number, z: number, out: Float64Array): void {
  const { chest } = plan
  out.fill(100)
  out[field.lungHu] = -900
  out[field.tissue] = 0
  const body = bodyDistance(chest, x, y, z)
  out[field.body] = body
  if (body > 14) return
  const cage = cageDistance(chest, x, y, z)
  out[field.cage] = cage
  out[field.tissue] =
    valueNoise(chest.keys.tissue, x, y, z, 23) * 0.6 + valueNoise(chest.keys.tissueFine, x, y, z, 9) * 0.6
  const upperFront = ramp(z, -10, 50) * ramp(y, 10, 60)
  const back = ramp(-y, 20, 70) * (1 - ramp(Math.abs(x), 45, 90))
  out[field.muscle] =
    cage -
    chest.muscleMm * (1 + 0.5 * upperFront + 1.1 * back + 0.35 * valueNoise(chest.keys.wall, x, y, z, 31))
  if (cage > 9) return
  const lung = plan.lungs.distance(x, y, z)
  out[field.lung] = lung
  if (lung < 9) {
    out[field.lungHu] = parenchymaHu(chest, x, y, z, -lung)
    out[field.oblique] = obliqueFissure(chest, x, y, z)
    out[field.horizontal] = horizontalFissure(chest, x, y, z)
  }
  const dome = diaphragmZ(chest, x, y)
  out[field.diaphragm] = (z - dome) * 0.82
  out[field.heart] = Math.abs(x) < 120 ? heartDistance(chest, x, y, z) : 100
  // The liver fills the right dome and thins out to the left.
  const left = (-x - 35 - 0.5 * (z - chest.domeRightZ)) * 0.8
  const behind = (chest.spineY + 30 - y - 0.6 * Math.max(0, x - 15)) * 0.8
  out[field.liver] = Math.max((z - dome + 3.4) * 0.82, cage + 6, left, behind)
}
