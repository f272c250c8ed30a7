// Linear probe: the encoder stays as it is, its features are computed once, and only the classification head is fitted,
// by logistic regression with an L2 penalty. Minutes where full training takes hours, and hard to overfit.
import { createSession, type Runtime } from '../graph/session.ts'
import { bindInputs, simplify } from '../graph/simplify.ts'
import { traceGraph } from '../graph/trace.ts'
import { semanticStage } from '../network/config.ts'
import { encode } from '../network/encoder.ts'
import { classificationFeatures } from '../network/heads.ts'
import type { ParameterShapes, ParameterValues } from '../network/parameters.ts'
import { semanticAttention } from '../network/semanticAttention.ts'
import type { FeedData } from '../graph/session.ts'
import { areaUnderRoc } from './metrics.ts'
import type { Recipe } from './recipe.ts'

/** Rows of features and their classes (0 or 1). */
export interface FeatureTable {
  readonly width: number
  readonly rows: readonly Float32Array[]
  readonly labels: readonly number[]
}

/** What the classification head sees: [mean of stage-4 tokens, CLS], 12C numbers a crop. */
export async function computeFeatures(
  { entry, batch }: Recipe,
  shapes: ParameterShapes,
  parameters: ParameterValues,
  batches: number,
  sample: (step: number) => Readonly<Record<string, FeedData>>,
  runtime: Runtime,
): Promise<FeatureTable> {
  const [D, H, W] = entry.shape
  const specs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape: [...shape], dtype: 'float32' as const }]),
  )
  const graph = traceGraph(
    ({ images, ...p }) => {
      const encoded = encode(p, images, entry.config)
      const { cls } = semanticAttention(p, encoded.feat[semanticStage(entry.config)], entry.config)
      return { features: classificationFeatures(encoded.feat[3], cls) }
    },
    { images: { shape: [batch, D, H, W, 1], dtype: 'float32' }, ...specs },
  )
  const session = await createSession(simplify(bindInputs(graph, parameters)), runtime)
  const width = session.outputs.features.shape[1]
  const rows: Float32Array[] = []
  const labels: number[] = []
  for (let step = 0; step < batches; step++) {
    const { images, labels: classes } = sample(step)
    const { features } = await session.run({ images })
    for (let b = 0; b < batch; b++) {
      rows.push(Float32Array.from(features.data.slice(b * width, (b + 1) * width)))
      labels.push(classes[b])
    }
  }
  await session.release()
  return { width, rows, labels }
}

export interface LinearModel {
  readonly weight: Float64Array
  readonly bias: number
}

/** Logit of one row. */
export function scoreOf({ weight, bias }: LinearModel, row: ArrayLike<number>): number {
  let sum = bias
  for (let i = 0; i < weight.length; i++) sum += weight[i] * row[i]
  return sum
}

/** Newton's method doubles its digits: what follows such a step is below double precision. */
const convergedStep = 1e-9

/** Logistic regression on standardised features by Newton's method; `penalty` is the ridge on the weights. */
export function fitLogistic({ width, rows, labels }: FeatureTable, penalty: number): LinearModel {
  const { mean, deviation } = standardise(rows, width)
  const size = width + 1
  const theta = new Float64Array(size)
  const x = rows.map(row =>
    Float64Array.from({ length: size }, (_, i) => (i === width ? 1 : (row[i] - mean[i]) / deviation[i])),
  )
  for (let iteration = 0; iteration < 12; iteration++) {
    const gradient = new Float64Array(size)
    const hessian = Array.from({ length: size }, () => new Float64Array(size))
    x.forEach((row, n) => {
      let logit = 0
      for (let i = 0; i < size; i++) logit += theta[i] * row[i]
      const p = 1 / (1 + Math.exp(-logit))
      const curvature = Math.max(1e-6, p * (1 - p))
      for (let i = 0; i < size; i++) {
        gradient[i] += (p - labels[n]) * row[i]
        const scaled = curvature * row[i]
        for (let j = 0; j <= i; j++) hessian[i][j] += scaled * row[j]
      }
    })
    for (let i = 0; i < size; i++) {
      const ridge = i === width ? 1e-6 : penalty
      gradient[i] += ridge * theta[i]
      hessian[i][i] += ridge
    }
    const step = solveSymmetric(hessian, gradient)
    for (let i = 0; i < size; i++) theta[i] -= step[i]
    if (step.every(change => Math.abs(change) < convergedStep)) break
  }
  const weight = Float64Array.from({ length: width }, (_, i) => theta[i] / deviation[i])
  const bias = theta[width] - weight.reduce((sum, w, i) => sum + w * mean[i], 0)
  return { weight, bias }
}

/** Mean and deviation of each feature over the rows. */
export function standardise(rows: readonly Float32Array[], width: number) {
  const mean = new Float64Array(width)
  const deviation = new Float64Array(width)
  for (const row of rows) for (let i = 0; i < width; i++) mean[i] += row[i] / rows.length
  for (const row of rows)
    for (let i = 0; i < width; i++) deviation[i] += (row[i] - mean[i]) ** 2 / rows.length
  return { mean, deviation: deviation.map(variance => Math.sqrt(variance) + 1e-6) }
}

/** Solves A x = b for a symmetric positive definite A, given by its lower half, by Cholesky. */
function solveSymmetric(lower: Float64Array[], b: Float64Array): Float64Array {
  const n = b.length
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = lower[i][j]
      for (let k = 0; k < j; k++) sum -= lower[i][k] * lower[j][k]
      lower[i][j] = i === j ? Math.sqrt(sum) : sum / lower[j][j]
    }
  }
  const x = b.slice()
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= lower[i][k] * x[k]
    x[i] /= lower[i][i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= lower[k][i] * x[k]
    x[i] /= lower[i][i]
  }
  return x
}

/** The penalty with the best AUC on the validation table, and its model. */
export function chooseProbe(train: FeatureTable, validation: FeatureTable, penalties: readonly number[]) {
  const isPositive = validation.labels.map(label => label === 1)
  const tried = penalties.map(penalty => {
    const model = fitLogistic(train, penalty)
    const auc = areaUnderRoc(
      validation.rows.map(row => scoreOf(model, row)),
      isPositive,
    )
    return { penalty, model, auc }
  })
  return tried.reduce((best, next) => (next.auc > best.auc ? next : best))
}
