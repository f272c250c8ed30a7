// Writes a graph as an ONNX file of standard operators, which any ONNX runtime reads.
import { channelsFirst } from './channelsFirst.ts'
import { constantData, describe } from './graph.ts'
import type { Graph } from './graph.ts'
import { assignLayouts } from './layoutAssignment.ts'
import { arrangementLowerings } from './lower/arrangement.ts'
import { elementwiseLowerings } from './lower/elementwise.ts'
import { linearLowerings } from './lower/linear.ts'
import type { Lowerings } from './lower/lowering.ts'
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

/**
 * The graph as ONNX's operators want it: convolutions with channels first, transposes cancelled. `isTuned` adds what
 * only makes it faster on ONNX Runtime's CPU, at the price of being harder to read.
 */
export function prepare(graph: Graph, isTuned: boolean): Graph {
  const convolved = simplify(rebuild(simplify(graph), [channelsFirst(isTuned)]).graph)
  const placed = simplify(assignLayouts(convolved))
  return isTuned ? simplify(rebuild(placed, tuning).graph) : placed
}

/** Name of a port in the file; distinct from the names given to values in between. */
export const portName = (kind: 'in' | 'out', name: string): string => `${kind}.${name}`

/** Values that can carry an output's name themselves. Others (inputs, constants, booleans, twice the same) are copied. */
function directOutputs(graph: Graph): Map<number, string> {
  const computed = new Set(graph.nodes.flatMap(node => node.outputs))
  const names = new Map<number, string>()
  for (const [name, id] of Object.entries(graph.outputs))
    if (computed.has(id) && !names.has(id) && graph.values[id].dtype !== 'bool')
      names.set(id, portName('out', name))
  return names
}

/**
 * The graph as an ONNX model's bytes. Inputs are named `in.<name>`, outputs `out.<name>`, since one name may be both
 * (a parameter before and after a training step). `isTuned` is for running it here, not for handing it on.
 * @throws Error naming an operation that has no ONNX form here.
 */
export function toOnnx(
  graph: Graph,
  options: { readonly name: string; readonly isTuned?: boolean },
): Uint8Array {
  const prepared = prepare(graph, options.isTuned === true)
  const model = new OnnxModel()
  const names = new Map<number, string>()
  for (const [name, id] of Object.entries(prepared.inputs)) names.set(id, portName('in', name))
  const nameOf = (id: number): string => {
    const known = names.get(id)
    if (known !== undefined) return known
    const info = prepared.values[id]
    const name = model.tensor(info.dtype, info.shape, constantData(prepared.constants.get(id)!, info))
    names.set(id, name)
    return name
  }
  const outputNames = directOutputs(prepared)
  for (const { op, inputs, outputs, attributes } of prepared.nodes) {
    const lower = lowerings[op]
    if (!lower) throw new Error(`The operation ${op} has no ONNX form; add one in src/graph/lower.`)
    for (const id of outputs) names.set(id, outputNames.get(id) ?? model.fresh())
    lower(model, {
      op,
      attributes,
      inputs: inputs.map(nameOf),
      from: inputs.map(id => prepared.values[id]),
      outputs: outputs.map(nameOf),
      to: outputs.map(id => prepared.values[id]),
    })
  }
  for (const [name, id] of Object.entries(prepared.outputs)) {
    const port = portName('out', name)
    if (nameOf(id) === port) continue
    const isBool = prepared.values[id].dtype === 'bool'
    model.node(
      isBool ? 'Cast' : 'Identity',
      [nameOf(id)],
      isBool ? { to: { int: elementType.int32 } } : {},
      port,
    )
  }
  const ports = (kind: 'in' | 'out') =>
    Object.entries(describe(prepared, kind === 'in' ? prepared.inputs : prepared.outputs)).map(
      ([name, info]) => ({
        name: portName(kind, name),
        shape: info.shape,
        dtype: info.dtype === 'bool' && kind === 'out' ? ('int32' as const) : info.dtype,
      }),
    )
  return model.encode(options.name, ports('in'), ports('out'))
}
