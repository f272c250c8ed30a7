// The frames of a DICOM Segmentation become voxels of a scan; each is placed by its own geometry.
import { InputError } from '../../base/errors.ts'
import type { Grid, Triple } from '../../base/shape.ts'
import { layFileGrid } from '../fileGrid.ts'
import { rasMmToVoxel, rasToLps, spansSpace, type PointMm } from '../geometry.ts'
import { resampleVoxels } from '../maskGrid.ts'
import { collectVoxels } from '../outlines.ts'
import { pixelDataTag } from './dataSet.ts'
import type { DicomImage } from './image.ts'
import { createFrameReader } from './pixels.ts'
import type { Segment, Segmentation, SegmentFrame } from './segmentation.ts'

/** Bits of all frames follow each other without a gap, the lowest of a byte first (PS3.5 8.1.1). */
function unpackBits({ dataSet, image }: Segmentation, frame: number): Uint8Array {
  const element = dataSet.elements[pixelDataTag]
  const count = image.rows * image.columns
  const pixels = new Uint8Array(count)
  if (Math.ceil(((frame + 1) * count) / 8) > element.length || element.encapsulatedPixelData)
    throw new InputError(
      `${image.file.path.split('/').pop()} ends before its ${image.frameCount} frames do, or packs its bits; a whole uncompressed segmentation is expected. Copy or export it again.`,
    )
  for (let i = 0; i < count; i++) {
    const bit = frame * count + i
    pixels[i] = (dataSet.byteArray[element.dataOffset + (bit >> 3)] >> (bit & 7)) & 1
  }
  return pixels
}

export interface PaintedSegment extends Segment {
  /** Rising indices into the volume in memory. */
  readonly voxels: Int32Array
}

export interface PaintedSegmentation {
  readonly segments: readonly PaintedSegment[]
  /** Its frames lie on another grid than the scan's. */
  readonly isResampled: boolean
  /** Frames that lie outside of the scan. */
  readonly outside: number
}

/** How far a frame may lie from the scan's voxels and still be painted voxel by voxel, in voxels. */
const mostOffGrid = 0.2

/**
 * The voxels of the `wanted` segments on a volume's memory grid.
 * @throws InputError when a frame is damaged, or the frames lie neither on the scan's grid nor on one of their own.
 */
export async function paintSegmentation(
  seg: Segmentation,
  wanted: readonly Segment[],
  grid: Grid,
): Promise<PaintedSegmentation> {
  const placed = seg.frames.map(frame => placeFrame(frame, seg.image, grid))
  const isResampled = placed.some(place => place === undefined)
  const target = isResampled ? ownGrid(seg) : grid
  const places = isResampled ? seg.frames.map(frame => placeFrame(frame, seg.image, target)) : placed
  const [D, H, W] = target.shape
  const found = new Map(wanted.map(({ number }) => [number, identityCollector(target)]))
  const reader = createFrameReader()
  let outside = 0
  for (const [at, frame] of seg.frames.entries()) {
    const place = places[at]
    if (!place) throw unplaced(seg)
    if (frame.segment !== undefined && !found.has(frame.segment)) continue
    const pixels =
      seg.image.bitsAllocated === 1 ? unpackBits(seg, frame.frame) : await reader.read(seg.image, frame.frame)
    let isOutside = false
    for (let i = 0; i < pixels.length; i++) {
      if (pixels[i] < seg.threshold) continue
      const [row, column] = [Math.floor(i / seg.image.columns), i % seg.image.columns]
      const [d, h, w] = place.first.map(
        (first, axis) => first + row * place.down[axis] + column * place.across[axis],
      )
      if (d < 0 || h < 0 || w < 0 || d >= D || h >= H || w >= W) isOutside = true
      else found.get(frame.segment ?? pixels[i])?.set(d, h, w)
    }
    if (isOutside) outside++
  }
  const segments = wanted.map(segment => {
    const voxels = found.get(segment.number)!.finish()
    return { ...segment, voxels: isResampled ? resampleVoxels(voxels, target, grid) : voxels }
  })
  return { segments, isResampled, outside }
}

function unplaced({ image }: Segmentation): InputError {
  return new InputError(
    `${image.file.path.split('/').pop()} has frames that are not evenly spaced or not parallel; slices of one stack are expected. Export the segmentation again on the grid of its scan.`,
  )
}

/** Memory order is file order for a grid that is addressed by (d,h,w) of memory. */
function identityCollector({ shape, spacingMm, affine }: Grid) {
  return collectVoxels({ shape, spacingMm, affine, axes: [0, 1, 2], flips: [false, false, false] })
}

interface FramePlace {
  /** Voxel (d,h,w) of the frame's first pixel, and steps to the next row and column; all whole numbers. */
  readonly first: Triple
  readonly down: Triple
  readonly across: Triple
}

function placeFrame(frame: SegmentFrame, { rows, columns }: DicomImage, grid: Grid): FramePlace | undefined {
  const { positionLpsMm: at, orientation: o, pixelSpacingMm: mm } = frame
  const pixel = (row: number, column: number) =>
    rasMmToVoxel(
      grid.affine,
      rasToLps(
        [0, 1, 2].map(i => at[i] + o[i] * mm[1] * column + o[3 + i] * mm[0] * row) as unknown as PointMm,
      ),
    )
  const whole = (voxel: Triple) => voxel.map(Math.round) as unknown as Triple
  const first = whole(pixel(0, 0))
  const step = (voxel: Triple, count: number) =>
    voxel.map((value, axis) => Math.round((value - first[axis]) / Math.max(1, count))) as unknown as Triple
  const down = step(pixel(rows - 1, 0), rows - 1)
  const across = step(pixel(0, columns - 1), columns - 1)
  const isOnGrid = [
    [0, 0],
    [rows - 1, 0],
    [0, columns - 1],
    [rows - 1, columns - 1],
  ].every(([row, column]) =>
    pixel(row, column).every(
      (value, axis) =>
        Math.abs(value - (first[axis] + row * down[axis] + column * across[axis])) < mostOffGrid,
    ),
  )
  const isUnit = (voxel: Triple) => voxel.reduce((sum, value) => sum + Math.abs(value), 0) === 1
  return isOnGrid && (isUnit(down) || rows === 1) && (isUnit(across) || columns === 1)
    ? { first, down, across }
    : undefined
}

/** The stack that the frames themselves make, in memory order; frames between may be missing. @throws InputError */
function ownGrid(seg: Segmentation): Grid {
  const { orientation: o, pixelSpacingMm: mm } = seg.frames[0]
  const normal = [o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]]
  const heights = seg.frames.map(({ positionLpsMm: at }) =>
    at.reduce((sum, value, i) => sum + value * normal[i], 0),
  )
  const sorted = [...new Set(heights.map(height => height.toFixed(3)))].map(Number).sort((a, b) => a - b)
  const gaps = sorted.slice(1).map((height, i) => height - sorted[i])
  const stepMm = seg.sliceStepMm ?? (gaps.length > 0 ? Math.min(...gaps) : (seg.frames[0].thicknessMm ?? 1))
  const lowest = seg.frames[heights.indexOf(Math.min(...heights))]
  const count = Math.round((sorted[sorted.length - 1] - sorted[0]) / stepMm) + 1
  const row = (i: number) => {
    const sign = i < 2 ? -1 : 1 // LPS → RAS
    return [o[i] * mm[1], o[3 + i] * mm[0], normal[i] * stepMm, lowest.positionLpsMm[i]].map(
      value => sign * value,
    )
  }
  const affine = [...row(0), ...row(1), ...row(2), 0, 0, 0, 1]
  if (!spansSpace(affine) || count > 1 << 14) throw unplaced(seg)
  const shape: Triple = [count, seg.image.rows, seg.image.columns]
  return layFileGrid(shape, affine).memory
}
