// phantom-bench-v1: which seeds train, choose and judge. Never mixed; a change of the generator's bytes makes a v2.

/** First and last seed of each part, inclusive. */
export const phantomBenchV1 = {
  train: [0, 1999],
  val: [10000, 10199],
  test: [20000, 20399],
} as const satisfies Record<string, readonly [number, number]>
