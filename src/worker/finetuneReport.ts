// What a finished fine-tuning run is judged by, as the page shows it: plain data, computed in the compute worker from what
// the models said of cases that they had not seen.

/** A value with its 95 % interval by bootstrap over patients. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** A metric of the trained model, beside the start model and, for malignancy, beside size alone. */
export interface MetricRow {
  readonly name: string
  /** Null for a number between 0 and 1. */
  readonly unit: string | null
  readonly trained: Estimate
  readonly start: Estimate | null
  readonly size: Estimate | null
}

export interface RocPoint {
  readonly falsePositiveRate: number
  readonly sensitivity: number
}

export type SeriesName = 'trained' | 'start' | 'size'

export interface RocSeries {
  readonly series: SeriesName
  readonly name: string
  /** Corners of the curve in rising order of the false positive rate. */
  readonly points: readonly RocPoint[]
  /** 95 % of the bootstrap's curves at each false positive rate. */
  readonly band: readonly {
    readonly falsePositiveRate: number
    readonly low: number
    readonly high: number
  }[]
  readonly auc: Estimate
}

export interface ReliabilityBin {
  /** Mean probability of the bin's cases. */
  readonly predicted: number
  /** Share of them that were positive, with its 95 % interval. */
  readonly observed: number
  readonly low: number
  readonly high: number
  readonly count: number
}

export interface ClassReport {
  readonly cases: number
  readonly patients: number
  readonly metrics: readonly MetricRow[]
  /** Empty for more than two classes. */
  readonly roc: readonly RocSeries[]
  readonly reliability: readonly ReliabilityBin[]
  /** Expected calibration error. */
  readonly ece: number
  /** [truth][said] */
  readonly confusion: readonly (readonly number[])[]
}

export interface MaskReport {
  readonly cases: number
  readonly metrics: readonly MetricRow[]
  readonly pairs: readonly {
    /** Index into the crop set. */
    readonly at: number
    readonly after: number
    /** Null without a start model. */
    readonly before: number | null
  }[]
}

/** A case that the trained model got most wrong. */
export interface WorstCase {
  /** Index into the crop set. */
  readonly at: number
  /** What was said of it and what it is, in words. */
  readonly said: string
}

export interface FinetuneReport {
  /** Whether it is better, in a sentence. */
  readonly verdict: string
  readonly remarks: readonly string[]
  readonly classes: readonly string[]
  readonly classification: {
    readonly all: ClassReport
    /** Without the cases that the readers could not decide; null where there are none. */
    readonly decided: ClassReport | null
  } | null
  readonly masks: MaskReport | null
  readonly worst: readonly WorstCase[]
}

/** The figures as a table: one line a metric, set of cases and model, with its interval; `head` as comments above. */
export function reportCsv(report: FinetuneReport, head: readonly string[]): string {
  const { classification, masks, verdict } = report
  const sets = [
    ...(classification ? [{ cases: 'all', metrics: classification.all.metrics }] : []),
    ...(classification?.decided
      ? [{ cases: 'without indeterminate', metrics: classification.decided.metrics }]
      : []),
    ...(masks ? [{ cases: 'all', metrics: masks.metrics }] : []),
  ]
  const rows = sets.flatMap(({ cases, metrics }) =>
    metrics.flatMap(({ name, unit, ...of }) =>
      (['trained', 'start', 'size'] as const).flatMap(model => {
        const estimate = of[model]
        if (!estimate) return []
        const { value, low, high } = estimate
        return [[name, unit ?? '', cases, model, value, low, high].join(',')]
      }),
    ),
  )
  const comments = [...head, verdict].map(line => `# ${line.replaceAll('\n', ' ')}`)
  return [...comments, 'metric,unit,cases,model,value,low95,high95', ...rows, ''].join('\r\n')
}
