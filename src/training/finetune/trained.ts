// Which parameters a method trains, at which rate, and from which values; low-rank adapters and how they are merged.
import * as tf from '@tensorflow/tfjs-core'
import { fnv1a, hashUniform, initialiseParameters } from '../../network/initialise.ts'
import { taskParts, type NetworkEntry } from '../../network/model.ts'
import {
  elementCount,
  parameterShapes,
  type ParameterShapes,
  type ParameterTensors,
  type ParameterValues,
} from '../../network/parameters.ts'
import type { FinetuneMethod, FinetuneSettings, FinetuneTask } from './settings.ts'

/** Name of a network in a model, by what is learnt. */
export function networkOf(task: FinetuneTask): 'segment' | 'classify' {
  return task === 'segment' ? 'segment' : 'classify'
}

/** Shapes of the whole network that is fine-tuned. */
export function networkShapes(task: FinetuneTask, { config }: NetworkEntry): ParameterShapes {
  return parameterShapes(config, taskParts[networkOf(task)])
}

/** What a run begins with, for every method: the network's values, and which of them the start model did not have. */
export interface StartValues {
  readonly values: ParameterValues
  readonly fresh: ReadonlySet<string>
}

/** Parameters as they are in `known` where name and size agree, drawn from the seed elsewhere. */
export function startValues(shapes: ParameterShapes, known: ParameterValues, seed: number): StartValues {
  const values = initialiseParameters(shapes, seed)
  const fresh = new Set<string>()
  for (const [name, drawn] of Object.entries(values))
    if (known[name]?.length === drawn.length) values[name] = known[name]
    else fresh.add(name)
  return { values, fresh }
}

const isAttentionMatrix = (name: string) => /\.attn\.(qkv|proj)\.weight$/.test(name)

/** Parameters that no supervised loss reaches: the mask token, and behind a classifier the last patch merging. */
function isUnused(name: string, task: FinetuneTask): boolean {
  return (
    name === 'encoder.mask_token' || (task !== 'segment' && name.startsWith('encoder.layers.3.downsample.'))
  )
}

function isHead(name: string, method: FinetuneMethod, task: FinetuneTask): boolean {
  if (task !== 'segment') return name.startsWith('cls_head.') || (method === 'head' && name.startsWith('sa.'))
  return method === 'head' ? name.startsWith('decoder.') : name.startsWith('decoder.out.')
}

/**
 * Names of the network's own parameters that a method trains: everything; the head (semantic attention and the
 * classification layer, or the decoder); or, beside adapters, the last layer. What the start did not have is always
 * trained.
 */
export function trainedNames(
  shapes: ParameterShapes,
  fresh: ReadonlySet<string>,
  method: FinetuneMethod,
  task: FinetuneTask,
): string[] {
  return Object.keys(shapes).filter(
    name =>
      !isUnused(name, task) &&
      (method === 'full' || fresh.has(name) || isHead(name, method, task)) &&
      !(method === 'lora' && isAttentionMatrix(name)),
  )
}

const adapterPrefix = 'lora.'
/** Of the matrix `name` [out, in]: `down` [rank, in], `up` [out, rank]. */
const adapterNames = (name: string) => ({
  down: `${adapterPrefix}${name}.down`,
  up: `${adapterPrefix}${name}.up`,
})

/** Shapes of the adapters on every attention matrix of the network. */
export function adapterShapes(shapes: ParameterShapes, rank: number): ParameterShapes {
  return Object.fromEntries(
    Object.entries(shapes)
      .filter(([name]) => isAttentionMatrix(name))
      .flatMap(([name, [out, from]]) => {
        const { down, up } = adapterNames(name)
        return [
          [down, [Math.min(rank, out, from), from]],
          [up, [out, Math.min(rank, out, from)]],
        ]
      }),
  )
}

/** Random `down`, zero `up`: the first pass is that of the start model. Source: LoRA (Hu et al. 2021), section 4.1. */
export function startAdapters(shapes: ParameterShapes, seed: number): ParameterValues {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const count = elementCount(shape)
      if (name.endsWith('.up')) return [name, new Float32Array(count)]
      return [name, Float32Array.from(hashUniform(name, seed, count, 0, 1 / Math.sqrt(shape[1])))]
    }),
  )
}

/** The network's parameters with every adapter's product added to its matrix: W + up · down. */
export function mergeAdapterTensors(p: ParameterTensors): ParameterTensors {
  const merged: ParameterTensors = {}
  for (const [name, value] of Object.entries(p)) {
    if (name.startsWith(adapterPrefix)) continue
    const { down, up } = adapterNames(name)
    merged[name] = p[down] ? tf.add(value, tf.matMul(p[up] as tf.Tensor2D, p[down] as tf.Tensor2D)) : value
  }
  return merged
}

/** The same with numbers, for the model that is taken; sums in float64. */
export function mergeAdapters(values: ParameterValues, shapes: ParameterShapes): ParameterValues {
  const merged: ParameterValues = {}
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith(adapterPrefix)) continue
    const { down, up } = adapterNames(name)
    merged[name] = values[down] ? addProduct(value, values[up], values[down], shapes[name]) : value
  }
  return merged
}

function addProduct(
  matrix: Float32Array,
  up: Float32Array,
  down: Float32Array,
  [out, from]: readonly number[],
): Float32Array {
  const rank = up.length / out
  return Float32Array.from(matrix, (value, at) => {
    const [row, column] = [Math.floor(at / from), at % from]
    let sum = value
    for (let r = 0; r < rank; r++) sum += up[row * rank + r] * down[r * from + column]
    return sum
  })
}

/** Stage of a parameter: 0 for the patch embedding, i + 1 for encoder stage i, 5 for everything behind the encoder. */
export function depthOf(name: string): number {
  if (name.startsWith('encoder.patch_embed.')) return 0
  const stage = /^encoder\.(?:layers\.|norm)(\d)/.exec(name.replace(adapterPrefix, ''))?.[1]
  return stage === undefined ? 5 : Number(stage) + 1
}

/** Factor of the learning rate: `layerDecay` once for each stage between a parameter and the head. */
export function rateOf(layerDecay: number): (name: string) => number {
  return name => layerDecay ** (5 - depthOf(name))
}

/** The values that a run trains and those that it leaves, at its start. */
export interface TrainedSplit {
  readonly trained: ParameterValues
  readonly trainedShapes: ParameterShapes
  readonly frozen: ParameterValues
  readonly frozenShapes: ParameterShapes
}

export function splitParameters(
  shapes: ParameterShapes,
  { values, fresh }: StartValues,
  { method, task, loraRank, seed }: Pick<FinetuneSettings, 'method' | 'task' | 'loraRank' | 'seed'>,
): TrainedSplit {
  const names = new Set(trainedNames(shapes, fresh, method, task))
  const pick = <T>(from: Readonly<Record<string, T>>, isTrained: boolean) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.has(name) === isTrained))
  const adapters = method === 'lora' ? adapterShapes(shapes, loraRank) : {}
  return {
    trained: { ...pick(values, true), ...startAdapters(adapters, (seed ^ fnv1a('lora')) >>> 0) },
    trainedShapes: { ...pick(shapes, true), ...adapters },
    frozen: pick(values, false),
    frozenShapes: pick(shapes, false),
  }
}
