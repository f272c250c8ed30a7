// A linear classifier on features: logistic regression of two classes, softmax regression of more, both with an L2
// penalty that is chosen on the training rows alone.
import { areaUnderRoc } from './metrics.ts'
import { fitLogistic, scoreOf, standardise, type FeatureTable } from './probe.ts'

/** Logits = weight · row + bias, one row of weights a class. */
export interface ClassModel {
  readonly weight: readonly Float64Array[]
  readonly bias: readonly number[]
}

/** Softmax probabilities of one row. */
export function classProbabilities({ weight, bias }: ClassModel, row: ArrayLike<number>): number[] {
  const logits = weight.map((one, k) => scoreOf({ weight: one, bias: bias[k] }, row))
  const largest = Math.max(...logits)
  const shares = logits.map(logit => Math.exp(logit - largest))
  const sum = shares.reduce((total, share) => total + share, 0)
  return shares.map(share => share / sum)
}

/** Two classes: the logit is split evenly, so that softmax gives the logistic probability. */
function fitTwo(table: FeatureTable, penalty: number): ClassModel {
  const { weight, bias } = fitLogistic(table, penalty)
  return { weight: [weight.map(w => -w / 2), weight.map(w => w / 2)], bias: [-bias / 2, bias / 2] }
}

const iterations = 400

/** Largest eigenvalue of XᵀX by power iteration, from above by a tenth. */
function curvature(x: readonly Float64Array[], size: number): number {
  let v = new Float64Array(size).fill(1 / Math.sqrt(size))
  let norm = 1
  for (let turn = 0; turn < 20; turn++) {
    const next = new Float64Array(size)
    for (const row of x) {
      const dot = row.reduce((sum, value, i) => sum + value * v[i], 0)
      row.forEach((value, i) => (next[i] += dot * value))
    }
    norm = Math.hypot(...next)
    v = next.map(value => value / norm)
  }
  return 1.1 * norm
}

/** Gradient of the penalised cross entropy at `theta` [K · size]; the last column is the bias, which has no penalty. */
function gradientAt(
  theta: Float64Array,
  x: readonly Float64Array[],
  labels: readonly number[],
  classes: number,
  penalty: number,
): Float64Array {
  const size = x[0].length
  const gradient = theta.map((value, at) => (at % size === size - 1 ? 0 : penalty * value))
  x.forEach((row, n) => {
    const model = {
      weight: Array.from({ length: classes }, (_, k) => theta.subarray(k * size, (k + 1) * size)),
      bias: new Array<number>(classes).fill(0),
    }
    classProbabilities(model, row).forEach((p, k) => {
      const pull = p - (labels[n] === k ? 1 : 0)
      for (let i = 0; i < size; i++) gradient[k * size + i] += pull * row[i]
    })
  })
  return gradient
}

/** Softmax regression on standardised features by accelerated gradient descent (Nesterov), steps from the curvature. */
function fitSoftmax({ width, rows, labels }: FeatureTable, classes: number, penalty: number): ClassModel {
  const { mean, deviation } = standardise(rows, width)
  const size = width + 1
  const x = rows.map(row =>
    Float64Array.from({ length: size }, (_, i) => (i === width ? 1 : (row[i] - mean[i]) / deviation[i])),
  )
  const rate = 1 / (0.5 * curvature(x, size) + penalty)
  let theta = new Float64Array(classes * size)
  let ahead = theta
  for (let turn = 0; turn < iterations; turn++) {
    const gradient = gradientAt(ahead, x, labels, classes, penalty)
    const next = ahead.map((value, at) => value - rate * gradient[at])
    const momentum = turn / (turn + 3)
    const before = theta
    ahead = next.map((value, at) => value + momentum * (value - before[at]))
    theta = next
  }
  const weight = Array.from({ length: classes }, (_, k) =>
    Float64Array.from({ length: width }, (_, i) => theta[k * size + i] / deviation[i]),
  )
  const bias = weight.map(
    (one, k) => theta[k * size + width] - one.reduce((sum, w, i) => sum + w * mean[i], 0),
  )
  return { weight, bias }
}

export function fitClasses(table: FeatureTable, classes: number, penalty: number): ClassModel {
  return classes === 2 ? fitTwo(table, penalty) : fitSoftmax(table, classes, penalty)
}

/** How well probabilities of rows rank or fit: AUC of two classes, mean log-likelihood of more. */
function quality(probabilities: readonly (readonly number[])[], labels: readonly number[], classes: number) {
  if (classes === 2)
    return areaUnderRoc(
      probabilities.map(([, p]) => p),
      labels.map(label => label === 1),
    )
  return probabilities.reduce((sum, row, n) => sum + Math.log(Math.max(1e-12, row[labels[n]])), 0)
}

/**
 * The penalty whose models are best on left-out parts of the table, then the model on all of it. `partOf` gives each
 * row's part (0-based): rows of one patient should share it.
 */
export function fitWithPenalty(
  table: FeatureTable,
  classes: number,
  partOf: readonly number[],
  penalties: readonly number[],
): { readonly model: ClassModel; readonly penalty: number } {
  const parts = [...new Set(partOf)]
  const qualityOf = (penalty: number) => {
    const probabilities = new Array<number[]>(table.rows.length)
    for (const held of parts) {
      const kept = table.rows.flatMap((_, at) => (partOf[at] === held ? [] : [at]))
      const rows = kept.map(at => table.rows[at])
      const labels = kept.map(at => table.labels[at])
      const model = fitClasses({ width: table.width, rows, labels }, classes, penalty)
      table.rows.forEach((row, at) => {
        if (partOf[at] === held) probabilities[at] = classProbabilities(model, row)
      })
    }
    return quality(probabilities, table.labels, classes)
  }
  const tried = penalties.map(penalty => ({ penalty, quality: qualityOf(penalty) }))
  const { penalty } = tried.reduce((best, next) => (next.quality > best.quality ? next : best))
  return { model: fitClasses(table, classes, penalty), penalty }
}
