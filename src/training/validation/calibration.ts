// Whether probabilities can be taken at their word: reliability bins, expected calibration error, Brier score.
// Of two classes the positive one's probability is looked at, beyond two the called class's (Guo et al. 2017).
import type { ReliabilityBin } from './report.ts'
import type { Statistic } from './resampling.ts'

const binCount = 10

/** What calibration needs of each case: a probability, and whether that came true. */
export interface Claim {
  readonly probability: number
  readonly cameTrue: boolean
}

function binOf({ probability }: Claim): number {
  return Math.min(binCount - 1, Math.floor(probability * binCount))
}

export function reliabilityBins(claims: readonly Claim[]): ReliabilityBin[] {
  return Array.from({ length: binCount }, (_, bin) => {
    const inside = claims.filter(claim => binOf(claim) === bin)
    const [from, to] = [bin / binCount, (bin + 1) / binCount]
    if (inside.length === 0) return { from, to, count: 0, meanProbability: null, observedShare: null }
    return {
      from,
      to,
      count: inside.length,
      meanProbability: inside.reduce((sum, { probability }) => sum + probability, 0) / inside.length,
      observedShare: inside.filter(({ cameTrue }) => cameTrue).length / inside.length,
    }
  })
}

/** Expected calibration error: Σ over bins of (share of the cases) × |mean probability − observed share|. */
export function calibrationError(claims: readonly Claim[]): Statistic {
  const bins = claims.map(binOf)
  return weights => {
    const gap = new Float64Array(binCount)
    let count = 0
    claims.forEach(({ probability, cameTrue }, i) => {
      gap[bins[i]] += weights[i] * (probability - Number(cameTrue))
      count += weights[i]
    })
    return gap.reduce((sum, value) => sum + Math.abs(value), 0) / count
  }
}

/**
 * Squared error of one case's probabilities. Of two classes (p − y)² of the positive one, beyond two the sum over the
 * classes as in Brier 1950 (which is twice as large for two).
 */
export function brierOf(probabilities: readonly number[], label: number): number {
  const squares = probabilities.map((p, index) => (p - Number(index === label)) ** 2)
  return squares.length === 2 ? squares[1] : squares.reduce((sum, square) => sum + square, 0)
}
