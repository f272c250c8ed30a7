// The bench splits: lists of seeds that are never mixed. A change to the generator that changes bytes makes a new version.

/** First and last seed, both included. */
export type SeedRange = readonly [first: number, last: number]

export interface BenchSplit {
  readonly name: string
  readonly train: SeedRange
  readonly val: SeedRange
  readonly test: SeedRange
}

export const phantomBenchV1: BenchSplit = {
  name: 'phantom-bench-v1',
  train: [0, 1999],
  val: [10000, 10199],
  test: [20000, 20399],
}

/** The seeds of a range, in order; `count` takes the first ones. */
export function seedsOf([first, last]: SeedRange, count = last - first + 1): number[] {
  return Array.from({ length: Math.min(count, last - first + 1) }, (_, i) => first + i)
}
