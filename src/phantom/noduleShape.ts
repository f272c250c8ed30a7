// A nodule's geometry: an ellipsoid whose radius is raised by smooth bumps, its spicules, and what is inside.
import { cosine, sine } from './mathPortable.ts'
import type { Point, TubeList } from './primitives.ts'

export interface NoduleShape {
  readonly centre: Point
  readonly axes: readonly [Point, Point, Point]
  readonly radii: Point
  /** Of each bump, in the nodule's own frame: direction x, y, z, height of a broad bump, height of a narrow one. */
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

/** Numbers a bump takes. */
export const bumpStride = 5

/** Relative radius of the bumpy unit ball in a unit direction of its own frame. */
export function bumpRadius(bumps: Float64Array, x: number, y: number, z: number): number {
  let radius = 1
  for (let i = 0; i < bumps.length; i += bumpStride) {
    const dot = x * bumps[i] + y * bumps[i + 1] + z * bumps[i + 2]
    if (dot <= 0) continue
    const fourth = dot * dot * dot * dot
    radius += bumps[i + 3] * fourth + bumps[i + 4] * fourth * fourth * fourth * fourth
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
/** 420 directions spread evenly over the sphere; integrals over a surface are sums over them. */
export const sphereDirections: readonly Point[] = Array.from({ length: 420 }, (_, i) => {
  const z = 1 - (2 * i + 1) / 420
  const ring = Math.sqrt(1 - z * z)
  return [ring * cosine(i * goldenAngle), ring * sine(i * goldenAngle), z] as const
})
