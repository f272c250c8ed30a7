// Connected components of masks [D,H,W]. Small and exact; the lung field labels a coarse grid with it, the candidates
// grow from the few voxels above a threshold without ever allocating an index volume at full resolution.
import type { Triple } from '../base/shape.ts'

export type Connectivity = 6 | 26

export interface Components {
  /** Component number of each voxel, 0 = none; numbers are in raster order of each component's first voxel. */
  readonly labels: Int32Array
  /** Voxels of each component; index 0 is unused and 0. */
  readonly sizes: readonly number[]
}

/** Components of the non-zero voxels. */
export function labelComponents(mask: Uint8Array, shape: Triple, connectivity: Connectivity = 6): Components {
  const labels = new Int32Array(mask.length)
  const sizes = [0]
  const visitNeighbours = neighbours(shape, connectivity)
  const queue: number[] = []
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || labels[seed] !== 0) continue
    const label = sizes.length
    labels[seed] = label
    queue.length = 0
    queue.push(seed)
    for (let head = 0; head < queue.length; head++) {
      visitNeighbours(queue[head], next => {
        if (mask[next] === 0 || labels[next] !== 0) return
        labels[next] = label
        queue.push(next)
      })
    }
    sizes.push(queue.length)
  }
  return { labels, sizes }
}

/** Non-zero voxels of `mask` connected to a `seeds` index through non-zero voxels; `mask` is not changed. */
export function floodFrom(seeds: readonly number[], mask: Uint8Array, shape: Triple): Uint8Array {
  const reached = new Uint8Array(mask.length)
  const visitNeighbours = neighbours(shape, 6)
  const queue = seeds.filter(seed => mask[seed] !== 0)
  for (const seed of queue) reached[seed] = 1
  for (let head = 0; head < queue.length; head++) {
    visitNeighbours(queue[head], next => {
      if (mask[next] === 0 || reached[next] !== 0) return
      reached[next] = 1
      queue.push(next)
    })
  }
  return reached
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
  const visitNeighbours = neighbours(shape, 26)
  const found: Int32Array[] = []
  let queue = new Int32Array(1024)
  for (let seed = 0; seed < values.length; seed++) {
    if (values[seed] < seedLevel || visited[seed] !== 0) continue
    queue[0] = seed
    let count = 1
    visited[seed] = 1
    for (let head = 0; head < count; head++) {
      visitNeighbours(queue[head], next => {
        if (values[next] < maskLevel || visited[next] !== 0) return
        visited[next] = 1
        if (count === queue.length) {
          const longer = new Int32Array(2 * count)
          longer.set(queue)
          queue = longer
        }
        queue[count++] = next
      })
    }
    found.push(queue.slice(0, count).sort())
  }
  return found
}

type Visit = (index: number, use: (neighbour: number) => void) => void

/** Calls `use` with each neighbour inside the volume. */
function neighbours(shape: Triple, connectivity: Connectivity): Visit {
  const [D, H, W] = shape
  const plane = H * W
  if (connectivity === 6) {
    return (index, use) => {
      const w = index % W
      const h = ((index - w) / W) % H
      if (w > 0) use(index - 1)
      if (w < W - 1) use(index + 1)
      if (h > 0) use(index - W)
      if (h < H - 1) use(index + W)
      if (index >= plane) use(index - plane)
      if (index < (D - 1) * plane) use(index + plane)
    }
  }
  return (index, use) => {
    const w = index % W
    const h = ((index - w) / W) % H
    const d = Math.floor(index / plane)
    for (let z = Math.max(0, d - 1); z <= Math.min(D - 1, d + 1); z++) {
      for (let y = Math.max(0, h - 1); y <= Math.min(H - 1, h + 1); y++) {
        for (let x = Math.max(0, w - 1); x <= Math.min(W - 1, w + 1); x++) {
          const next = z * plane + y * W + x
          if (next !== index) use(next)
        }
      }
    }
  }
}
