// Operations that move elements, in ONNX.
import { ints, numbers } from './lowering.ts'
import type { Lowerings } from './lowering.ts'
import type { OnnxModel } from './onnxModel.ts'

function slice(
  model: OnnxModel,
  x: string,
  begin: readonly number[],
  end: readonly number[],
  steps: readonly number[],
  axes: readonly number[],
  output: string,
): void {
  model.node(
    'Slice',
    [x, model.ints(begin), model.ints(end), model.ints(axes), model.ints(steps)],
    {},
    output,
  )
}

/** The end that a slice going backwards needs to include index 0. */
const beforeFirst = -(2 ** 31)

export const arrangementLowerings: Lowerings = {
  Reshape: (model, { inputs, outputs, to }) => {
    model.node('Reshape', [inputs[0], model.ints(to[0].shape)], { allowzero: { int: 1 } }, outputs[0])
  },
  Transpose: (model, { inputs, outputs, attributes }) => {
    model.node('Transpose', inputs, { perm: ints(attributes.perm) }, outputs[0])
  },
  Slice: (model, { inputs, outputs, attributes, from, to }) => {
    const begin = numbers(attributes.begin)
    const cut = begin.map((_, axis) => axis).filter(axis => from[0].shape[axis] !== to[0].shape[axis])
    const end = cut.map(axis => begin[axis] + to[0].shape[axis])
    slice(
      model,
      inputs[0],
      cut.map(axis => begin[axis]),
      end,
      cut.map(() => 1),
      cut,
      outputs[0],
    )
  },
  StridedSlice: (model, { inputs, outputs, attributes, to }) => {
    const begin = numbers(attributes.begin)
    const strides = numbers(attributes.strides)
    const axes = begin.map((_, axis) => axis)
    const end = axes.map(axis => {
      const last = begin[axis] + strides[axis] * to[0].shape[axis]
      return last < 0 ? beforeFirst : last
    })
    slice(model, inputs[0], begin, end, strides, axes, outputs[0])
  },
  Reverse: (model, { inputs, outputs, attributes }) => {
    const axes = numbers(attributes.axes)
    slice(
      model,
      inputs[0],
      axes.map(() => -1),
      axes.map(() => beforeFirst),
      axes.map(() => -1),
      axes,
      outputs[0],
    )
  },
  Concat: (model, { inputs, outputs, attributes }) => {
    model.node('Concat', inputs, { axis: { int: attributes.axis as number } }, outputs[0])
  },
  PadV2: (model, { inputs, outputs, attributes, to }) => {
    const paddings = attributes.paddings as readonly (readonly number[])[]
    const pads = model.ints([...paddings.map(pair => pair[0]), ...paddings.map(pair => pair[1])])
    const value = model.scalar(attributes.value as number, to[0].dtype)
    model.node('Pad', [inputs[0], pads, value], { mode: { text: 'constant' } }, outputs[0])
  },
  // ONNX has no symmetric mode for all runtimes: the border is joined on, mirrored, axis by axis.
  MirrorPad: (model, { inputs, outputs, attributes, from }) => {
    const paddings = attributes.paddings as readonly (readonly number[])[]
    const skip = attributes.mode === 'symmetric' ? 0 : 1
    let x = inputs[0]
    paddings.forEach(([before, after], axis) => {
      if (before === 0 && after === 0) return
      const size = from[0].shape[axis]
      const indices = Array.from({ length: before + size + after }, (_, at) => {
        const place = at - before
        if (place < 0) return skip - 1 - place
        return place < size ? place : 2 * size - 1 - skip - place
      })
      x = model.node('Gather', [x, model.ints(indices)], { axis: { int: axis } })
    })
    model.node('Identity', [x], {}, outputs[0])
  },
  Tile: (model, { inputs, outputs, attributes }) => {
    model.node('Tile', [inputs[0], model.ints(numbers(attributes.reps))], {}, outputs[0])
  },
  BroadcastTo: (model, { inputs, outputs, to }) => {
    model.node('Expand', [inputs[0], model.ints(to[0].shape)], {}, outputs[0])
  },
}
