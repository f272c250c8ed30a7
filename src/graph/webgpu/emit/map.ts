// A chain computed for each element and written, one dispatch: element-wise operations with broadcasting, and all that
// only moves elements. A thread takes four neighbours where the innermost axis allows it.
import { bindWhole, type KernelBindings } from '../../../kernels/gpuKernel.ts'
import type { ComputeStep } from '../../../kernels/gpuProgram.ts'
import type { Dtype } from '../../graph.ts'
import { sizeOf } from '../../graph.ts'
import { instructionsText, laneType, preludeText, scalarType, valueText, type Chain } from '../chain.ts'
import { collapse, type View } from '../view.ts'
import { coordinatesText, mainText, offsetText, threadStep, Words } from '../wgsl.ts'
import type { Emission } from './emission.ts'

/** A value of the chain and where it goes. */
export interface Result {
  readonly instruction: number
  readonly output: number
  readonly view: View
  readonly dtype: Dtype
  /** The input whose place the output takes; its loads and the result have the same view. */
  readonly replaces?: number
}

/** Views of lanes of four: strides of whole lanes, in units of four elements. */
function isAligned({ offset, strides }: View): boolean {
  return strides.at(-1) === 1 && offset % 4 === 0 && strides.slice(0, -1).every(stride => stride % 4 === 0)
}

const inLanes = ({ offset, strides }: View): View => ({
  offset: offset / 4,
  strides: [...strides.slice(0, -1).map(stride => stride / 4), 1],
})

/** The first element of a lane. */
const atLane = ({ offset, strides }: View): View => ({
  offset,
  strides: [...strides.slice(0, -1), 4 * strides.at(-1)!],
})

interface MapText {
  readonly code: string
  readonly threads: number
  readonly words: Words
  /** Inputs that have a binding, in its order; outputs follow. */
  readonly bound: readonly number[]
}

function writeMap(chain: Chain, results: readonly Result[]): MapText {
  const all = [...chain.loads.map(load => load.view), ...results.map(result => result.view)]
  const { shape, views } = collapse(chain.shape, all)
  const outViews = views.slice(chain.loads.length)
  const width = shape.at(-1)! % 4 === 0 && outViews.every(isAligned) ? 4 : 1
  const lanes = width === 4 ? [...shape.slice(0, -1), shape.at(-1)! / 4] : shape
  const placed = new Map(
    results.flatMap(({ replaces, output }) => (replaces === undefined ? [] : [[replaces, output]])),
  )
  const bound = [...new Set(chain.loads.map(load => load.input))].filter(input => !placed.has(input))
  const isWhole = (input: number) =>
    width === 4 && chain.loads.every((load, at) => load.input !== input || isAligned(views[at]))
  const words = new Words()
  const count = words.add(sizeOf(lanes))
  const loadText = (at: number): string => {
    const { input, dtype } = chain.loads[at]
    const array = placed.has(input) ? `out${placed.get(input)}` : `in${input}`
    const type = laneType(dtype)
    if (width === 1) return `${array}[${offsetText(words, views[at], 'c')}]`
    if (placed.has(input) || isWhole(input)) return `${array}[${offsetText(words, inLanes(views[at]), 'c')}]`
    const first = offsetText(words, atLane(views[at]), 'c')
    const stride = views[at].strides.at(-1)!
    if (stride === 0) return `${type}(${array}[${first}])`
    const step = words.add(stride)
    return `${type}(${[0, 1, 2, 3].map(k => `${array}[${first} + ${k} * ${step}]`).join(', ')})`
  }
  let body = coordinatesText(words, 'index', lanes, 'c')
  body += instructionsText(chain.instructions, loadText)
  results.forEach(({ instruction, output }, at) => {
    const view = width === 4 ? inLanes(outViews[at]) : outViews[at]
    body += `  out${output}[${offsetText(words, view, 'c')}] = ${valueText(chain.instructions, instruction)};\n`
  })
  const storage = (dtype: Dtype, whole: boolean) => `array<${whole ? laneType(dtype) : scalarType(dtype)}>`
  const declarations = [
    ...bound.map((input, at) => {
      const { dtype } = chain.loads.find(load => load.input === input)!
      return `@group(0) @binding(${at + 1}) var<storage, read> in${input}: ${storage(dtype, isWhole(input))};`
    }),
    ...results.map(
      ({ output, dtype }, at) =>
        `@group(0) @binding(${bound.length + at + 1}) var<storage, read_write> out${output}: ${storage(dtype, true)};`,
    ),
  ]
  const main = mainText(count, body)
  const code = [preludeText(width, main), words.declaration(), ...declarations, main].join('\n')
  return { code, threads: sizeOf(lanes), words, bound }
}

/** The dispatch of a chain whose results go to the outputs of `bindings`. */
export function mapStep(
  chain: Chain,
  results: readonly Result[],
  { inputs, outputs }: KernelBindings,
): ComputeStep {
  const { code, threads, words, bound } = writeMap(chain, results)
  const bindings = [...bound.map(input => inputs[input]!), ...results.map(({ output }) => outputs[output])]
  const buffers = Object.fromEntries(bindings.map((binding, at) => [at + 1, bindWhole(binding)]))
  return threadStep(code, threads, words, buffers)
}

export function mapEmission(chain: Chain, results: readonly Result[]): Emission {
  return { scratch: [], isSingle: true, steps: bindings => [mapStep(chain, results, bindings)] }
}
