// Writes a graph as an ONNX file of standard operators, which any ONNX runtime reads.
import { channelsFirst } from './channelsFirst.ts'
import { constantData, describe } from './graph.ts'
import type { Graph } from './graph.ts'
import { assignLayouts } from './layoutAssignment.ts'
import { arrangementLowerings } from './lower/arrangement.ts'
import { elementwiseLowerings } from './lower/elementwise.ts'
import { linearLowerings } from './lower/linear.ts'
import type { Lowerings } from './lower/lowering.ts'
import { moduleNames, shortNames } from './lower/names.ts'
import type { Naming } from './lower/names.ts'
import { OnnxModel, elementType } from './lower/onnxModel.ts'
import { reductionLowerings } from './lower/reduction.ts'
import { rebuild } from './rebuild.ts'
import type { Rule } from './rebuild.ts'
import { addBiasInProduct, dropUnitAxes, fuseGelu, slopeByClipping } from './rules/tuning.ts'
import { simplify } from './simplify.ts'

const lowerings: Lowerings = {
  ...elementwiseLowerings,
  ...arrangementLowerings,
  ...reductionLowerings,
  ...linearLowerings,
}

const tuning: readonly Rule[] = [fuseGelu, addBiasInProduct, slopeByClipping, dropUnitAxes]
const publishing: readonly Rule[] = [fuseGelu]

/**
 * The graph as ONNX's operators want it: convolutions with channels first, transposes cancelled. `isTuned` adds what
 * only makes it faster on ONNX Runtime's CPU, at the price of being harder to read.
 */
export function prepare(graph: Graph, isTuned: boolean): Graph {
  const convolved = simplify(rebuild(simplify(graph), [channelsFirst(isTuned)]).graph)
  const placed = simplify(assignLayouts(convolved))
  return simplify(rebuild(placed, isTuned ? tuning : publishing).graph)
}

/** What turns a graph into a file for others: they see names, weights by name, and what the file is. */
export interface Publication {
  /** Inputs that become initialisers under their own names, in their own layouts. Those that nothing reads are left out. */
  readonly weights: Readonly<Record<string, Float32Array>>
  readonly doc: string
  readonly metadata: Readonly<Record<string, string>>
  /** A sentence for each remaining input and for each output. */
  readonly portDocs: Readonly<Record<string, string>>
}

export interface OnnxOptions {
  readonly name: string
  /** For running it here, not for handing it on. */
  readonly isTuned?: boolean
  readonly publication?: Publication
}

/** Values that can carry an output's name themselves. Others (inputs, constants, booleans, twice the same) are copied. */
function directOutputs(graph: Graph, naming: Naming): Map<number, string> {
  const computed = new Set(graph.nodes.flatMap(node => node.outputs))
  const names = new Map<number, string>()
  for (const [name, id] of Object.entries(graph.outputs))
    if (computed.has(id) && !names.has(id) && graph.values[id].dtype !== 'bool')
      names.set(id, naming.port('out', name))
  return names
}

/** Finds the name of a value, writing constants and weights into the model when they are first asked for. */
function namesIn(
  graph: Graph,
  model: OnnxModel,
  naming: Naming,
  weights: Publication['weights'],
): { nameOf: (id: number) => string; give: (id: number, name: string) => void } {
  const names = new Map<number, string>()
  const weightNames = new Map<number, string>()
  for (const [name, id] of Object.entries(graph.inputs))
    if (Object.hasOwn(weights, name)) weightNames.set(id, name)
    else names.set(id, naming.port('in', name))
  const nameOf = (id: number): string => {
    const known = names.get(id)
    if (known !== undefined) return known
    const info = graph.values[id]
    const weight = weightNames.get(id)
    const name =
      weight === undefined
        ? model.tensor(info.dtype, info.shape, constantData(graph.constants.get(id)!, info))
        : model.tensor(info.dtype, info.shape, weights[weight], weight)
    names.set(id, name)
    return name
  }
  return { nameOf, give: (id, name) => void names.set(id, name) }
}

/**
 * The graph as an ONNX model's bytes. Without `publication` inputs are named `in.<name>`, outputs `out.<name>`, since
 * one name may be both (a parameter before and after a training step); with it they keep their names.
 * @throws Error naming an operation that has no ONNX form here.
 */
export function toOnnx(graph: Graph, options: OnnxOptions): Uint8Array {
  const { name: modelName, isTuned = false, publication } = options
  const prepared = prepare(graph, isTuned)
  const weights = publication?.weights ?? {}
  const naming = publication ? moduleNames(prepared, new Set(Object.keys(weights))) : shortNames()
  const model = new OnnxModel(naming)
  const { nameOf, give } = namesIn(prepared, model, naming, weights)
  const outputNames = directOutputs(prepared, naming)
  for (const node of prepared.nodes) {
    const { op, inputs, outputs, attributes } = node
    const lower = lowerings[op]
    if (!lower) throw new Error(`The operation ${op} has no ONNX form; add one in src/graph/lower.`)
    naming.enter(node)
    for (const id of outputs) give(id, outputNames.get(id) ?? model.fresh(op))
    lower(model, {
      op,
      attributes,
      inputs: inputs.map(nameOf),
      from: inputs.map(id => prepared.values[id]),
      outputs: outputs.map(nameOf),
      to: outputs.map(id => prepared.values[id]),
    })
  }
  for (const [name, id] of Object.entries(prepared.outputs))
    copyToPort(model, nameOf(id), naming.port('out', name), prepared.values[id].dtype === 'bool')
  const ports = (kind: 'in' | 'out') =>
    Object.entries(describe(prepared, kind === 'in' ? prepared.inputs : prepared.outputs))
      .filter(([name]) => kind === 'out' || !Object.hasOwn(weights, name))
      .map(([name, info]) => ({
        name: naming.port(kind, name),
        shape: info.shape,
        dtype: info.dtype === 'bool' && kind === 'out' ? ('int32' as const) : info.dtype,
        doc: publication?.portDocs[name],
      }))
  const { doc, metadata } = publication ?? {}
  return model.encode({ name: modelName, doc, metadata }, ports('in'), ports('out'))
}

/** Gives a value its output's name where it could not carry it itself. */
function copyToPort(model: OnnxModel, value: string, port: string, isBool: boolean): void {
  if (value === port) return
  if (isBool) model.node('Cast', [value], { to: { int: elementType.int32 } }, port)
  else model.node('Identity', [value], {}, port)
}
