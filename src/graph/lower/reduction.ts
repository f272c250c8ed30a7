// Reductions, softmax and index operations, in ONNX.
import { flag, numbers } from './lowering.ts'
import type { Lowering, Lowerings } from './lowering.ts'
import { elementType } from './onnxModel.ts'
import type { OnnxModel } from './onnxModel.ts'

const reduce: (op: string) => Lowering =
  op =>
  (model, { inputs, outputs, attributes }) => {
    const axes = model.ints(numbers(attributes.axes))
    model.node(op, [inputs[0], axes], { keepdims: flag(attributes.keepDims) }, outputs[0])
  }

/** Reductions of booleans go through int32. */
const reduceBool: (op: string) => Lowering =
  op =>
  (model, { inputs, outputs, attributes }) => {
    const asInt = model.node('Cast', inputs, { to: { int: elementType.int32 } })
    const axes = model.ints(numbers(attributes.axes))
    const reduced = model.node(op, [asInt, axes], { keepdims: flag(attributes.keepDims) })
    model.node('Cast', [reduced], { to: { int: elementType.bool } }, outputs[0])
  }

const arg: (op: string) => Lowering =
  op =>
  (model, { inputs, outputs, attributes }) => {
    const found = model.node(op, inputs, { axis: { int: attributes.axis as number }, keepdims: { int: 0 } })
    model.node('Cast', [found], { to: { int: elementType.int32 } }, outputs[0])
  }

const alongAxis: (op: string) => Lowering =
  op =>
  (model, { inputs, outputs, attributes }) => {
    model.node(op, inputs, { axis: { int: attributes.axis as number } }, outputs[0])
  }

const asInt64 = (model: OnnxModel, name: string) =>
  model.node('Cast', [name], { to: { int: elementType.int64 } })

/** Adds rows of `updates` into zeros at `indices` (int32, last axis = coordinates). */
function scatterAdd(
  model: OnnxModel,
  indices: string,
  updates: string,
  shape: readonly number[],
  dtype: 'float32' | 'int32',
  output: string,
): void {
  const zeros = model.node('Expand', [model.scalar(0, dtype), model.ints(shape)])
  model.node('ScatterND', [zeros, asInt64(model, indices), updates], { reduction: { text: 'add' } }, output)
}

export const reductionLowerings: Lowerings = {
  Sum: reduce('ReduceSum'),
  Mean: reduce('ReduceMean'),
  Max: reduce('ReduceMax'),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd'),
  All: reduceBool('ReduceMin'),
  Any: reduceBool('ReduceMax'),
  ArgMax: arg('ArgMax'),
  ArgMin: arg('ArgMin'),
  Softmax: alongAxis('Softmax'),
  LogSoftmax: alongAxis('LogSoftmax'),
  Cumsum: (model, { inputs, outputs, attributes }) => {
    const flags = { exclusive: flag(attributes.exclusive), reverse: flag(attributes.reverse) }
    model.node('CumSum', [inputs[0], model.scalar(attributes.axis as number, 'int32')], flags, outputs[0])
  },
  GatherV2: (model, { inputs, outputs, attributes }) => {
    model.node('Gather', inputs, { axis: { int: attributes.axis as number } }, outputs[0])
  },
  GatherNd: (model, { inputs: [params, indices], outputs }) => {
    model.node('GatherND', [params, asInt64(model, indices)], {}, outputs[0])
  },
  ScatterNd: (model, { inputs: [indices, updates], outputs, to }) => {
    scatterAdd(model, indices, updates, to[0].shape, to[0].dtype as 'float32', outputs[0])
  },
  UnsortedSegmentSum: (model, { inputs: [x, segments], from, outputs, to }) => {
    const indices = model.node('Reshape', [segments, model.ints([...from[1].shape, 1])])
    scatterAdd(model, indices, x, to[0].shape, to[0].dtype as 'float32', outputs[0])
  },
  // By comparison, which every runtime has for every type, unlike OneHot.
  OneHot: (model, { inputs, from, outputs, attributes, to }) => {
    const { shape, dtype } = to[0]
    const depth = shape[shape.length - 1]
    const column = model.node('Reshape', [inputs[0], model.ints([...from[0].shape, 1])])
    const classes = model.tensor(
      'int32',
      [depth],
      Int32Array.from({ length: depth }, (_, index) => index),
    )
    const isHot = model.node('Equal', [column, classes])
    const [on, off] = [attributes.onValue as number, attributes.offValue as number]
    if (dtype === 'bool') model.node(on ? 'Identity' : 'Not', [isHot], {}, outputs[0])
    else model.node('Where', [isHot, model.scalar(on, dtype), model.scalar(off, dtype)], {}, outputs[0])
  },
  TopK: (model, { inputs, outputs, attributes, to }) => {
    const count = model.ints([to[0].shape[to[0].shape.length - 1]])
    const places = model.fresh('Indices')
    model.multi('TopK', [inputs[0], count], { sorted: flag(attributes.sorted) }, [outputs[0], places])
    model.node('Cast', [places], { to: { int: elementType.int32 } }, outputs[1])
  },
}
