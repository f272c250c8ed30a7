// What one drawn frame shows, in CSS pixels and voxels: the DOM twin (letters, slice numbers, markers, HU) is made of it.
import type { Plane } from '../../state/viewSlice.ts'

/** Voxel triples and texture fractions are in (w, h, d) order here, as the texture's axes are. */
export type Whd = readonly [number, number, number]

export interface Rect {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Texture fraction along one axis as a linear function of a CSS pixel coordinate. */
export interface AxisMap {
  /** 0 = w (R+), 1 = h (A+), 2 = d (S+) */
  readonly axis: 0 | 1 | 2
  readonly atZero: number
  readonly perPixel: number
}

export interface SliceTile {
  readonly plane: Plane
  readonly rect: Rect
  readonly x: AxisMap
  readonly y: AxisMap
  readonly normal: 0 | 1 | 2
  /** Counted from 1 in the direction S+, A+, R+. */
  readonly slice: number
  readonly sliceCount: number
}

export interface Frame {
  readonly tiles: readonly SliceTile[]
  readonly volumeTile: Rect | null
  /** The crosshair's voxel. */
  readonly voxel: Whd
  readonly rasMm: Whd
  readonly hu: number
  readonly zoom: number
}

export const NORMAL: Record<Plane, 0 | 1 | 2> = { axial: 2, coronal: 1, sagittal: 0 }
const IN_PLANE: Record<Plane, readonly [0 | 1 | 2, 0 | 1 | 2]> = {
  axial: [0, 1],
  coronal: [0, 2],
  sagittal: [1, 2],
}
export const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal']

const POSITIVE = ['R', 'A', 'S'] as const
const NEGATIVE = ['L', 'P', 'I'] as const

export interface EdgeLetters {
  readonly left: string
  readonly right: string
  readonly top: string
  readonly bottom: string
}

/** Which way the patient lies in a tile, read from how pixels map to voxels and from nothing else. */
export function edgeLetters({ x, y }: Pick<SliceTile, 'x' | 'y'>): EdgeLetters {
  const [right, left] = x.perPixel > 0 ? [POSITIVE, NEGATIVE] : [NEGATIVE, POSITIVE]
  const [bottom, top] = y.perPixel > 0 ? [POSITIVE, NEGATIVE] : [NEGATIVE, POSITIVE]
  return { left: left[x.axis], right: right[x.axis], top: top[y.axis], bottom: bottom[y.axis] }
}

/** Derives the tile's linear maps from two probes inside it; `fractionAt` answers in texture fractions. */
export function makeTile(
  plane: Plane,
  rect: Rect,
  voxel: Whd,
  dims: Whd,
  fractionAt: (x: number, y: number) => ArrayLike<number>,
): SliceTile {
  const x0 = rect.left + rect.width * 0.25
  const y0 = rect.top + rect.height * 0.25
  const x1 = rect.left + rect.width * 0.75
  const y1 = rect.top + rect.height * 0.75
  const near = fractionAt(x0, y0)
  const far = fractionAt(x1, y1)
  const [axisX, axisY] = IN_PLANE[plane]
  const perX = (far[axisX] - near[axisX]) / (x1 - x0)
  const perY = (far[axisY] - near[axisY]) / (y1 - y0)
  const normal = NORMAL[plane]
  return {
    plane,
    rect,
    x: { axis: axisX, atZero: near[axisX] - perX * x0, perPixel: perX },
    y: { axis: axisY, atZero: near[axisY] - perY * y0, perPixel: perY },
    normal,
    slice: voxel[normal] + 1,
    sliceCount: dims[normal],
  }
}

export function tileAt(frame: Frame, x: number, y: number): SliceTile | undefined {
  return frame.tiles.find(({ rect }) => contains(rect, x, y))
}

export function contains(rect: Rect, x: number, y: number): boolean {
  return x >= rect.left && y >= rect.top && x < rect.left + rect.width && y < rect.top + rect.height
}

/** The voxel under a pixel; undefined outside the volume. */
export function voxelAt(tile: SliceTile, x: number, y: number, dims: Whd): Whd | undefined {
  const voxel: [number, number, number] = [0, 0, 0]
  voxel[tile.x.axis] = Math.floor((tile.x.atZero + tile.x.perPixel * x) * dims[tile.x.axis])
  voxel[tile.y.axis] = Math.floor((tile.y.atZero + tile.y.perPixel * y) * dims[tile.y.axis])
  voxel[tile.normal] = tile.slice - 1
  return voxel.every((index, axis) => index >= 0 && index < dims[axis]) ? voxel : undefined
}

/** Where a (fractional) voxel position lies on screen, CSS pixels. */
export function pixelOf(tile: SliceTile, voxel: Whd, dims: Whd): { x: number; y: number } {
  const along = ({ axis, atZero, perPixel }: AxisMap) =>
    ((voxel[axis] + 0.5) / dims[axis] - atZero) / perPixel
  return { x: along(tile.x), y: along(tile.y) }
}
