// Convex hulls of planar points (Andrew's monotone chain), shared by the lung outline and by the callipers.

export interface Point {
  readonly x: number
  readonly y: number
}

/** Lower convex hull of points sorted by x (then y): the corners from the first to the last point, without collinear ones. */
export function lowerHull(sorted: readonly Point[]): Point[] {
  const hull: Point[] = []
  for (const point of sorted) {
    while (hull.length >= 2) {
      const [a, b] = [hull[hull.length - 2], hull[hull.length - 1]]
      if ((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) > 0) break
      hull.pop()
    }
    hull.push(point)
  }
  return hull
}

/** Corners of the convex hull of any points, counter-clockwise. */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y)
  if (sorted.length < 3) return sorted
  const lower = lowerHull(sorted)
  const upper = lowerHull(sorted.map(({ x, y }) => ({ x: -x, y: -y })).reverse())
  return [...lower.slice(0, -1), ...upper.slice(0, -1).map(({ x, y }) => ({ x: -x, y: -y }))]
}

/** y of a hull's polyline at x, x within it. */
export function heightAt(hull: readonly Point[], x: number): number {
  if (hull.length === 1) return hull[0].y
  const next = Math.max(
    1,
    hull.findIndex(corner => corner.x >= x),
  )
  const [a, b] = [hull[next - 1], hull[next]]
  return a.y + ((b.y - a.y) * (x - a.x)) / (b.x - a.x)
}
