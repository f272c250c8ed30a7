// From outlines on a scan's slices to its voxels: a voxel is inside when its centre is, by the even-odd rule, so that an
// outline within an outline is a hole.
import { memorySteps } from './fileGrid.ts'
import type { FileGrid } from './volume.ts'

/** Column and row in a slice, in voxels, possibly between them; voxel centres are whole numbers. */
export type SlicePoint = readonly [column: number, row: number]
export type Outline = readonly SlicePoint[]

/** Calls `visit` with each voxel of a slice whose centre lies inside of the closed outlines. */
export function fillEvenOdd(
  outlines: readonly Outline[],
  rows: number,
  columns: number,
  visit: (row: number, column: number) => void,
): void {
  const all = outlines.flat().map(point => point[1])
  const low = all.reduce((least, row) => Math.min(least, row), Infinity)
  const high = all.reduce((most, row) => Math.max(most, row), -Infinity)
  for (let row = Math.max(0, Math.ceil(low)); row <= Math.min(rows - 1, Math.floor(high)); row++) {
    const crossings = outlines.flatMap(outline => crossingsOf(outline, row)).sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const end = Math.min(columns, Math.ceil(crossings[i + 1]))
      for (let column = Math.max(0, Math.ceil(crossings[i])); column < end; column++) visit(row, column)
    }
  }
}

/** Columns at which the outline's edges cross a row; an edge owns its upper end only, so that none is counted twice. */
function crossingsOf(outline: Outline, row: number): number[] {
  const crossings: number[] = []
  for (let i = 0; i < outline.length; i++) {
    const [x0, y0] = outline[i]
    const [x1, y1] = outline[(i + 1) % outline.length]
    if (y0 <= row === y1 <= row) continue
    crossings.push(x0 + ((row - y0) / (y1 - y0)) * (x1 - x0))
  }
  return crossings
}

/** Collects voxels that are named by slice, row and column of the file, as indices into the volume in memory. */
export interface VoxelCollector {
  set(slice: number, row: number, column: number): void
  /** Takes a voxel out, whether it was set before or is set later. */
  clear(slice: number, row: number, column: number): void
  /** Rising indices into the volume's [D,H,W], each once. */
  finish(): Int32Array
}

export function collectVoxels(fileGrid: FileGrid): VoxelCollector {
  const { start, steps } = memorySteps(fileGrid)
  const held = new IndexList()
  const cleared = new Set<number>()
  const at = (slice: number, row: number, column: number) =>
    start + slice * steps[0] + row * steps[1] + column * steps[2]
  return {
    set: (slice, row, column) => held.push(at(slice, row, column)),
    clear: (slice, row, column) => cleared.add(at(slice, row, column)),
    finish() {
      const sorted = held.toSorted()
      return sorted.filter((index, i) => index !== sorted[i - 1] && !cleared.has(index))
    },
  }
}

/** A growing list; a Set of numbers ends at 16 million, which two lungs have. */
class IndexList {
  private items = new Int32Array(1024)
  private count = 0

  push(index: number): void {
    if (this.count === this.items.length) {
      const longer = new Int32Array(2 * this.count)
      longer.set(this.items)
      this.items = longer
    }
    this.items[this.count++] = index
  }

  toSorted(): Int32Array {
    return this.items.slice(0, this.count).sort()
  }
}
