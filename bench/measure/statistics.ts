// Medians, spreads, and how far two results are apart.
import type { Values } from '../cases/case.ts'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Half the range from the fastest to the slowest, as a part of the median; 0 of one number. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values)
}

/**
 * The largest difference of any value relative to the largest magnitude of its tensor; infinite where something is
 * missing, of another size, or no number.
 */
export function largestDifference(got: Values, wanted: Values): number {
  let worst = 0
  for (const [name, reference] of Object.entries(wanted)) {
    const values = got[name]
    if (!values || values.length !== reference.length) return Infinity
    let [largest, difference] = [0, 0]
    for (let i = 0; i < reference.length; i++) {
      const apart = Math.abs(values[i] - reference[i])
      if (!Number.isFinite(apart)) return Infinity
      largest = Math.max(largest, Math.abs(reference[i]))
      difference = Math.max(difference, apart)
    }
    worst = Math.max(worst, largest === 0 ? difference : difference / largest)
  }
  return worst
}
