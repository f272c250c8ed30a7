// How much an attention map says: how far it is from giving every token the same.

export interface AttentionSpread {
  readonly least: number
  readonly most: number
  /** The largest value in units of the mean; 1 where all are alike. */
  readonly mostOverMean: number
  /** Entropy of the map, scaled to sum 1, as a share of the largest possible, ln N; 1 where all are alike. */
  readonly entropyShare: number
}

/** Above this share of the largest entropy a map is called nearly even. */
const evenEntropyShare = 0.99

/** Of a map of N ≥ 2 values that are not negative. */
export function attentionSpread(values: Float32Array): AttentionSpread {
  const sum = values.reduce((total, value) => total + value, 0)
  const entropy = values.reduce((total, value) => {
    const share = value / sum
    return share > 0 ? total - share * Math.log(share) : total
  }, 0)
  const least = values.reduce((low, value) => Math.min(low, value), Infinity)
  const most = values.reduce((high, value) => Math.max(high, value), 0)
  return {
    ...{ least, most },
    mostOverMean: (most * values.length) / sum,
    entropyShare: entropy / Math.log(values.length),
  }
}

export const isNearlyEven = ({ entropyShare }: AttentionSpread): boolean => entropyShare > evenEntropyShare

/** The map's range in words, and that it is nearly even where it is. */
export function describeSpread(spread: AttentionSpread): string {
  const { least, most, mostOverMean, entropyShare } = spread
  const range = `${least.toPrecision(3)} to ${most.toPrecision(3)}, the largest ${mostOverMean.toFixed(2)} × the mean`
  const share = `entropy ${entropyShare.toFixed(4)} of even attention`
  return isNearlyEven(spread) ? `Nearly even: ${range}, ${share}` : `${range}, ${share}`
}
