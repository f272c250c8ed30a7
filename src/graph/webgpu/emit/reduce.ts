// Reductions of a chain over some axes. Long sums are cut into slices of at least 64 elements, each summed by a thread of
// its own, and the slices' sums again, so that all threads have work and the order of additions never changes.
import { bindWhole, type KernelBindings, type TensorBinding } from '../../../kernels/gpuKernel.ts'
import type { ComputeStep } from '../../../kernels/gpuProgram.ts'
import type { Dtype } from '../../graph.ts'
import { sizeOf } from '../../graph.ts'
import { instructionsText, laneType, preludeText, scalarType, valueText, type Chain } from '../chain.ts'
import { collapse, type View } from '../view.ts'
import { coordinatesText, mainText, offsetText, threadStep, Words } from '../wgsl.ts'
import type { Emission } from './emission.ts'

export interface Reduction {
  readonly op: string
  readonly axes: readonly number[]
  /** Of the result and of what is summed. */
  readonly dtype: Dtype
}

const largest = '3.4028234663852886e38'

const starts: Record<string, [float: string, whole: string]> = {
  Sum: ['0.0', '0'],
  Mean: ['0.0', '0'],
  Prod: ['1.0', '1'],
  Max: [`-${largest}`, '-2147483647'],
  Min: [largest, '2147483647'],
  All: ['1.0', '1'],
  Any: ['0.0', '0'],
}

const combinations: Record<string, (value: string) => string> = {
  Sum: value => `sum + ${value}`,
  Mean: value => `sum + ${value}`,
  Prod: value => `sum * ${value}`,
  Max: value => `max(sum, ${value})`,
  Min: value => `min(sum, ${value})`,
  All: value => `min(sum, ${value})`,
  Any: value => `max(sum, ${value})`,
}

/** Sums shorter than this are left to one thread. */
const shortest = 128
const sliceLength = 64
/** More threads than this are no use. */
const mostThreads = 131_072

/** Into how many slices a sum of `length` elements is cut when `count` of them are made. */
export function slicesOf(length: number, count: number): number {
  if (length <= shortest) return 1
  return Math.max(1, Math.min(Math.ceil(length / sliceLength), Math.ceil(mostThreads / count)))
}

/** Sizes of all stages: numbers left after each; the last is 1. */
function stagesOf(length: number, count: number): number[] {
  const stages = [slicesOf(length, count)]
  while (stages.at(-1)! > 1) stages.push(slicesOf(stages.at(-1)!, count))
  return stages
}

interface Split {
  readonly kept: readonly number[]
  readonly reduced: readonly number[]
  readonly keptViews: readonly View[]
  readonly reducedViews: readonly View[]
}

function split({ shape, loads }: Chain, axes: readonly number[]): Split {
  const pick = (list: readonly number[], isReduced: boolean) =>
    list.filter((_, axis) => axes.includes(axis) === isReduced)
  const part = (isReduced: boolean) =>
    collapse(
      pick(shape, isReduced),
      loads.map(({ view }) => ({
        offset: isReduced ? 0 : view.offset,
        strides: pick(view.strides, isReduced),
      })),
    )
  const [kept, reduced] = [part(false), part(true)]
  return { kept: kept.shape, reduced: reduced.shape, keptViews: kept.views, reducedViews: reduced.views }
}

/** One stage: `slices` partial results for each element that stays, in the thread's order. */
function stageStep(
  chain: Chain,
  result: number,
  { op, axes, dtype }: Reduction,
  slices: number,
  scale: number | undefined,
  inputs: readonly (TensorBinding | undefined)[],
  output: TensorBinding,
): ComputeStep {
  const parts = split(chain, axes)
  const count = sizeOf(parts.kept)
  const length = sizeOf(parts.reduced)
  // Neighbouring threads read neighbouring elements: along the reduced axes where the last axis is one of them.
  const alongSlices = isInnermostReduced(chain, axes)
  const words = new Words()
  const [total, sliceCount, countText, lengthText] = [count * slices, slices, count, length].map(n =>
    words.add(n),
  )
  const bound = [...new Set(chain.loads.map(load => load.input))]
  let body = alongSlices
    ? `  let kept = index / ${sliceCount}; let slice = index % ${sliceCount};\n`
    : `  let kept = index % ${countText}; let slice = index / ${countText};\n`
  body += coordinatesText(words, 'kept', parts.kept, 'k')
  chain.loads.forEach(
    (_, at) => (body += `  let base${at} = ${offsetText(words, parts.keptViews[at], 'k')};\n`),
  )
  const type = laneType(dtype)
  body += `  var sum = ${type}(${starts[op][type === 'F' ? 0 : 1]});\n`
  body += `  for (var r = slice; r < ${lengthText}; r += ${sliceCount}) {\n`
  body += coordinatesText(words, 'r', parts.reduced, 'c')
  body += instructionsText(
    chain.instructions,
    at => `in${chain.loads[at].input}[base${at} + ${offsetText(words, parts.reducedViews[at], 'c')}]`,
  )
  body += `  sum = ${combinations[op](valueText(chain.instructions, result))};\n  }\n`
  body += `  result[index] = ${scale === undefined ? 'sum' : `sum * ${scale}f`};\n`
  const declarations = bound.map((input, at) => {
    const type = scalarType(chain.loads.find(load => load.input === input)!.dtype)
    return `@group(0) @binding(${at + 1}) var<storage, read> in${input}: array<${type}>;`
  })
  declarations.push(
    `@group(0) @binding(${bound.length + 1}) var<storage, read_write> result: array<${scalarType(dtype)}>;`,
  )
  const main = mainText(total, body)
  const code = [preludeText(1, main), words.declaration(), ...declarations, main].join('\n')
  const bindings = [...bound.map(input => inputs[input]!), output]
  const buffers = Object.fromEntries(bindings.map((binding, at) => [at + 1, bindWhole(binding)]))
  return threadStep(code, count * slices, words, buffers)
}

function isInnermostReduced({ shape }: Chain, axes: readonly number[]): boolean {
  const last = shape.findLastIndex(size => size > 1)
  return last < 0 || axes.includes(last)
}

/** The chain that only loads the partial results of a stage before. */
function partialChain(count: number, slices: number, alongSlices: boolean, dtype: Dtype): Chain {
  const strides = alongSlices ? [slices, 1] : [1, count]
  return {
    shape: [count, slices],
    loads: [{ input: 0, view: { offset: 0, strides }, dtype }],
    instructions: [{ kind: 'load', load: 0, dtype }],
  }
}

/** Adds up `slices` arrays of `count` floats that lie one behind the other, in their order. */
export function sumSlicesStep(
  partials: TensorBinding,
  output: TensorBinding,
  count: number,
  slices: number,
): ComputeStep {
  const chain = partialChain(count, slices, false, 'float32')
  const reduction = { op: 'Sum', axes: [1], dtype: 'float32' as const }
  return stageStep(chain, 0, reduction, 1, undefined, [partials], output)
}

/** A chain's value number `result` reduced over axes of the chain's shape, in as many dispatches as the length asks for. */
export function reduceEmission(chain: Chain, result: number, reduction: Reduction): Emission {
  const { axes, dtype, op } = reduction
  const length = sizeOf(axes.map(axis => chain.shape[axis]))
  const count = sizeOf(chain.shape) / Math.max(1, length)
  const stages = stagesOf(length, count)
  const scratch = stages.slice(0, -1).map(slices => count * slices)
  return {
    scratch,
    isSingle: stages.length === 1,
    steps({ inputs, outputs, scratch: partials }: KernelBindings) {
      let alongSlices = isInnermostReduced(chain, axes)
      return stages.map((slices, stage) => {
        const isLast = stage === stages.length - 1
        const scale = isLast && op === 'Mean' ? Math.fround(1 / length) : undefined
        const output = isLast ? outputs[0] : partials[stage]
        if (stage === 0) return stageStep(chain, result, reduction, slices, scale, inputs, output)
        const partial = partialChain(count, stages[stage - 1], alongSlices, dtype)
        const next = { op, dtype, axes: [1] }
        // The order of this stage's results: along its slices, unless there is one slice an element anyway.
        alongSlices = isInnermostReduced(partial, [1])
        return stageStep(partial, 0, next, slices, scale, [partials[stage - 1]], output)
      })
    },
  }
}
