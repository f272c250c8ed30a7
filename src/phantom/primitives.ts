// The two shapes that everything small is made of: tapering tubes (vessels, airways, ribs) and ellipsoids or cylinders (vertebrae,
// sternum, organs). Kept in flat arrays: a chest has tens of thousands of tubes and a crop tests the box of each.

export type Point = readonly [x: number, y: number, z: number]

/** Numbers a tube takes in `TubeList.data`: two ends, two radii, HU. */
export const tubeStride = 9

export class TubeList {
  data = new Float64Array(tubeStride * 256)
  labels = new Uint8Array(256)
  count = 0

  /** A capsule from `a` (radius `ra`) to `b` (radius `rb`), mm. */
  add(a: Point, b: Point, ra: number, rb: number, hu: number, label: number): void {
    if (this.count === this.labels.length) this.grow()
    this.data.set([a[0], a[1], a[2], b[0], b[1], b[2], ra, rb, hu], this.count * tubeStride)
    this.labels[this.count++] = label
  }

  private grow(): void {
    const data = new Float64Array(this.data.length * 2)
    data.set(this.data)
    this.data = data
    const labels = new Uint8Array(this.labels.length * 2)
    labels.set(this.labels)
    this.labels = labels
  }

  /** A chain of tubes through `points` with one radius a point. */
  addChain(points: readonly Point[], radii: readonly number[], hu: number, label: number): void {
    for (let i = 1; i < points.length; i++)
      this.add(points[i - 1], points[i], radii[i - 1], radii[i], hu, label)
  }

  /** Distance from a point to the nearest surface of a tube of at least `minRadius` mm. */
  distance(x: number, y: number, z: number, minRadius = 0): number {
    let nearest = 1e6
    const { data } = this
    for (let i = 0, o = 0; i < this.count; i++, o += tubeStride) {
      if (data[o + 6] < minRadius && data[o + 7] < minRadius) continue
      const ax = data[o + 3] - data[o]
      const ay = data[o + 4] - data[o + 1]
      const az = data[o + 5] - data[o + 2]
      const px = x - data[o]
      const py = y - data[o + 1]
      const pz = z - data[o + 2]
      let t = (px * ax + py * ay + pz * az) / (ax * ax + ay * ay + az * az + 1e-9)
      t = t < 0 ? 0 : t > 1 ? 1 : t
      const dx = px - t * ax
      const dy = py - t * ay
      const dz = pz - t * az
      const reach = nearest + data[o + 6] + t * (data[o + 7] - data[o + 6])
      const squared = dx * dx + dy * dy + dz * dz
      if (reach > 0 && squared < reach * reach) nearest += Math.sqrt(squared) - reach
    }
    return nearest
  }
}

/** An ellipsoid, or a cylinder along its third axis; an optional shell of another HU (cortical bone). */
export interface Blob {
  readonly centre: Point
  /** Half lengths along the blob's own axes. */
  readonly radii: Point
  /** Unit vectors of the blob's own axes; the coordinate axes when absent. */
  readonly axes?: readonly [Point, Point, Point]
  readonly cylinder?: boolean
  readonly hu: number
  readonly shellMm?: number
  readonly shellHu?: number
  readonly label: number
  /** Width over which the edge fades, beyond the voxel's own (mm). */
  readonly softMm?: number
}

/** One coat of paint: its blobs, then its tubes, over what lies below; `where` keeps it in or out of the lungs. */
export interface Layer {
  readonly blobs: readonly Blob[]
  readonly tubes: TubeList
  readonly where: 'anywhere' | 'lung' | 'outside lung'
}
