// Paints tubes, blobs and nodules onto a canvas with edges one voxel wide. Structures thinner than a voxel keep their true volume:
// a tube's edge is drawn so that its cross-section integrates to πr², which is what partial volume does in a scanner.
import type { Canvas } from './cropGrid.ts'
import type { Blob, Layer, TubeList } from './primitives.ts'
import { tubeStride } from './primitives.ts'
import type { Axis } from './cropGrid.ts'

/** First and one past the last voxel of an axis within [low, high] mm. */
export function voxelRange(axis: Axis, low: number, high: number): [from: number, to: number] {
  const origin = axis.positions[0]
  const from = Math.floor((low - origin) / axis.spacingMm)
  const to = Math.floor((high - origin) / axis.spacingMm) + 2
  return [from < 0 ? 0 : from, to > axis.count ? axis.count : to]
}

export function paintLayer(canvas: Canvas, layer: Layer): void {
  for (const blob of layer.blobs) paintBlob(canvas, blob, layer.where)
  paintTubes(canvas, layer.tubes, layer.where)
}

/** Share of a voxel that the layer may cover. */
function allowed(lung: number, where: Layer['where']): number {
  return where === 'anywhere' ? 1 : where === 'lung' ? lung : 1 - lung
}

/** Paints every tube of a list that meets the canvas, in the list's order. */
export function paintTubes(canvas: Canvas, tubes: TubeList, where: Layer['where']): void {
  const { data } = tubes
  const edge = canvas.edgeMm
  const reachOf = (axis: Axis) => [axis.positions[0] - edge, axis.positions[axis.count - 1] + edge]
  const [xLow, xHigh] = reachOf(canvas.x)
  const [yLow, yHigh] = reachOf(canvas.y)
  const [zLow, zHigh] = reachOf(canvas.z)
  for (let i = 0, o = 0; i < tubes.count; i++, o += tubeStride) {
    const reach = Math.max(data[o + 6], data[o + 7])
    if (Math.max(data[o], data[o + 3]) + reach < xLow || Math.min(data[o], data[o + 3]) - reach > xHigh)
      continue
    if (
      Math.max(data[o + 1], data[o + 4]) + reach < yLow ||
      Math.min(data[o + 1], data[o + 4]) - reach > yHigh
    )
      continue
    if (
      Math.max(data[o + 2], data[o + 5]) + reach < zLow ||
      Math.min(data[o + 2], data[o + 5]) - reach > zHigh
    )
      continue
    paintTube(canvas, tubes, i, where)
  }
}

/** The radius to draw and the strength to draw it with, so that ∫ share dA = πr² for an edge `w` wide. */
function thinTube(r: number, w: number): [radius: number, strength: number] {
  const radius = r > 0.58 * w ? Math.sqrt(r * r - (w * w) / 12) : r
  if (radius >= 0.5 * w) return [radius, 1]
  const cone = radius + 0.5 * w
  return [radius, Math.min(1, (3 * w * r * r) / (cone * cone * cone))]
}

function paintTube(canvas: Canvas, tubes: TubeList, index: number, where: Layer['where']): void {
  const { data } = tubes
  const o = index * tubeStride
  const w = canvas.edgeMm
  const [x0, y0, z0, x1, y1, z1, ra, rb, hu] = data.subarray(o, o + tubeStride)
  const [r0, s0] = thinTube(ra, w)
  const [r1, s1] = thinTube(rb, w)
  const reach = Math.max(r0, r1) + 0.5 * w
  const ax = x1 - x0
  const ay = y1 - y0
  const az = z1 - z0
  const inverse = 1 / (ax * ax + ay * ay + az * az + 1e-12)
  const [kFrom, kTo] = voxelRange(canvas.z, Math.min(z0, z1) - reach, Math.max(z0, z1) + reach)
  const [jFrom, jTo] = voxelRange(canvas.y, Math.min(y0, y1) - reach, Math.max(y0, y1) + reach)
  const [iFrom, iTo] = voxelRange(canvas.x, Math.min(x0, x1) - reach, Math.max(x0, x1) + reach)
  const label = tubes.labels[index]
  const reachSquared = reach * reach
  for (let k = kFrom; k < kTo; k++) {
    const pz = canvas.z.positions[k] - z0
    for (let j = jFrom; j < jTo; j++) {
      const py = canvas.y.positions[j] - y0
      const along = pz * az + py * ay
      const row = (k * canvas.y.count + j) * canvas.x.count
      for (let i = iFrom; i < iTo; i++) {
        const px = canvas.x.positions[i] - x0
        let t = (along + px * ax) * inverse
        t = t < 0 ? 0 : t > 1 ? 1 : t
        const dx = px - t * ax
        const dy = py - t * ay
        const dz = pz - t * az
        const squared = dx * dx + dy * dy + dz * dz
        if (squared >= reachSquared) continue
        let share = 0.5 + (r0 + t * (r1 - r0) - Math.sqrt(squared)) / w
        if (share <= 0) continue
        if (share > 1) share = 1
        share *= s0 + t * (s1 - s0)
        const v = row + i
        if (where !== 'anywhere') share *= allowed(canvas.lung[v], where)
        canvas.hu[v] += (hu - canvas.hu[v]) * share
        if (share > 0.5) canvas.labels[v] = label
      }
    }
  }
}

const coordinateAxes: NonNullable<Blob['axes']> = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]

function paintBlob(canvas: Canvas, blob: Blob, where: Layer['where']): void {
  const { centre, radii } = blob
  const w = canvas.edgeMm + (blob.softMm ?? 0)
  const [a, b, c] = blob.axes ?? coordinateAxes
  const extent = (axis: 0 | 1 | 2) =>
    Math.abs(a[axis]) * radii[0] + Math.abs(b[axis]) * radii[1] + Math.abs(c[axis]) * radii[2] + w
  const [kFrom, kTo] = voxelRange(canvas.z, centre[2] - extent(2), centre[2] + extent(2))
  const [jFrom, jTo] = voxelRange(canvas.y, centre[1] - extent(1), centre[1] + extent(1))
  const [iFrom, iTo] = voxelRange(canvas.x, centre[0] - extent(0), centre[0] + extent(0))
  // A plate thinner than the edge is drawn weaker, not thicker.
  const thinness = Math.min(1, (2 * radii[2]) / w)
  for (let k = kFrom; k < kTo; k++)
    for (let j = jFrom; j < jTo; j++) {
      const row = (k * canvas.y.count + j) * canvas.x.count
      for (let i = iFrom; i < iTo; i++) {
        const px = canvas.x.positions[i] - centre[0]
        const py = canvas.y.positions[j] - centre[1]
        const pz = canvas.z.positions[k] - centre[2]
        const d = blobDistance(
          blob,
          px * a[0] + py * a[1] + pz * a[2],
          px * b[0] + py * b[1] + pz * b[2],
          px * c[0] + py * c[1] + pz * c[2],
        )
        let share = 0.5 - d / w
        if (share <= 0) continue
        share = (share > 1 ? 1 : share) * thinness
        const v = row + i
        if (where !== 'anywhere') share *= allowed(canvas.lung[v], where)
        let hu = blob.hu
        if (blob.shellMm !== undefined) {
          const shell = 0.5 + (d + blob.shellMm) / w
          hu += (blob.shellHu! - hu) * (shell < 0 ? 0 : shell > 1 ? 1 : shell)
        }
        canvas.hu[v] += (hu - canvas.hu[v]) * share
        if (share > 0.5) canvas.labels[v] = blob.label
      }
    }
}

/** First-order distance to an ellipsoid, or to a cylinder along the third axis, in the blob's own frame. */
function blobDistance(blob: Blob, x: number, y: number, z: number): number {
  const [rx, ry, rz] = blob.radii
  const u = x / rx
  const v = y / ry
  const w = blob.cylinder ? 0 : z / rz
  const f = Math.sqrt(u * u + v * v + w * w)
  const gu = u / rx
  const gv = v / ry
  const gw = w / rz
  const slope = Math.sqrt(gu * gu + gv * gv + gw * gw)
  const round = f < 1e-6 ? -Math.min(rx, ry) : ((f - 1) * f) / slope
  return blob.cylinder ? Math.max(round, Math.abs(z) - rz) : round
}
