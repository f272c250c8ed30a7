// Connected components of masks [D,H,W]. Small and exact; the lung field labels a coarse grid with it, the candidates
// grow from the few voxels above a threshold without ever allocating an index volume at full resolution.
import type { Triple } from '../base/shape.ts'

export interface Components {
  /** Component number of each voxel, 0 = none; numbers are in raster order of each component's first voxel. */
  readonly labels: Int32Array
  /** Voxels of each component; index 0 is unused and 0. */
  readonly sizes: readonly number[]
}

/** 6-connected components of the non-zero voxels. */
export function labelComponents(mask: Uint8Array, shape: Triple): Components {
  const labels = new Int32Array(mask.length)
  const sizes = [0]
  const queue = new IndexQueue()
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || labels[seed] !== 0) continue
    queue.restart(seed)
    grow(queue, mask, shape, labels, sizes.length)
    sizes.push(queue.count)
  }
  return { labels, sizes }
}

/** Non-zero voxels of `mask` 6-connected to one of the `seeds` (indices) through non-zero voxels. */
export function floodFrom(seeds: readonly number[], mask: Uint8Array, shape: Triple): Uint8Array {
  const reached = new Uint8Array(mask.length)
  const queue = new IndexQueue()
  for (const seed of seeds) {
    if (mask[seed] === 0 || reached[seed] !== 0) continue
    queue.restart(seed)
    grow(queue, mask, shape, reached, 1)
  }
  return reached
}

/** Marks everything 6-connected to the queued voxels with `value`; `marks` ≠ 0 means already visited. */
function grow(
  queue: IndexQueue,
  mask: Uint8Array,
  shape: Triple,
  marks: Int32Array | Uint8Array,
  value: number,
): void {
  const [D, H, W] = shape
  const plane = H * W
  const visit = (next: number) => {
    if (mask[next] === 0 || marks[next] !== 0) return
    marks[next] = value
    queue.push(next)
  }
  marks[queue.at(0)] = value
  for (let head = 0; head < queue.count; head++) {
    const index = queue.at(head)
    const w = index % W
    const h = ((index - w) / W) % H
    if (w > 0) visit(index - 1)
    if (w < W - 1) visit(index + 1)
    if (h > 0) visit(index - W)
    if (h < H - 1) visit(index + W)
    if (index >= plane) visit(index - plane)
    if (index < (D - 1) * plane) visit(index + plane)
  }
}

/**
 * Hysteresis: every 26-connected set of voxels ≥ `maskLevel` that holds at least one voxel ≥ `seedLevel`, as lists of
 * voxel indices in rising order. `visited` (as long as `values`, all 0) is scratch memory: 1 where a list went.
 */
export function hysteresis(
  values: Uint8Array,
  shape: Triple,
  maskLevel: number,
  seedLevel: number,
  visited: Uint8Array,
): Int32Array[] {
  const [D, H, W] = shape
  const found: Int32Array[] = []
  const queue = new IndexQueue()
  for (let seed = 0; seed < values.length; seed++) {
    if (values[seed] < seedLevel || visited[seed] !== 0) continue
    queue.restart(seed)
    visited[seed] = 1
    for (let head = 0; head < queue.count; head++) {
      const index = queue.at(head)
      const w = index % W
      const h = ((index - w) / W) % H
      const d = Math.floor(index / (H * W))
      for (let z = Math.max(0, d - 1); z <= Math.min(D - 1, d + 1); z++) {
        for (let y = Math.max(0, h - 1); y <= Math.min(H - 1, h + 1); y++) {
          for (let x = Math.max(0, w - 1); x <= Math.min(W - 1, w + 1); x++) {
            const next = (z * H + y) * W + x
            if (values[next] < maskLevel || visited[next] !== 0) continue
            visited[next] = 1
            queue.push(next)
          }
        }
      }
    }
    found.push(queue.toSorted())
  }
  return found
}

/** A growing list of voxel indices that is reused from one component to the next. */
class IndexQueue {
  private items = new Int32Array(4096)
  count = 0

  restart(first: number): void {
    this.items[0] = first
    this.count = 1
  }

  push(index: number): void {
    if (this.count === this.items.length) {
      const longer = new Int32Array(2 * this.count)
      longer.set(this.items)
      this.items = longer
    }
    this.items[this.count++] = index
  }

  at(position: number): number {
    return this.items[position]
  }

  toSorted(): Int32Array {
    return this.items.slice(0, this.count).sort()
  }
}
