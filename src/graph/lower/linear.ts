// Matrix products and convolutions, in ONNX. Convolutions come with channels first (see channelsFirst.ts).
import type { ValueInfo } from '../graph.ts'
import { flag, ints, numbers } from './lowering.ts'
import type { LoweringNode, Lowerings } from './lowering.ts'
import type { OnnxModel } from './onnxModel.ts'

/** Exchanges the last two axes. */
function swapLast(model: OnnxModel, name: string, { shape }: ValueInfo): string {
  const perm = shape.map((_, axis) => axis)
  perm.push(perm.splice(perm.length - 2, 1)[0])
  return model.node('Transpose', [name], { perm: { ints: perm } })
}

function window(attributes: LoweringNode['attributes'], kernel: readonly number[]) {
  return {
    kernel_shape: { ints: kernel },
    strides: ints(attributes.strides),
    dilations: ints(attributes.dilations),
    pads: { ints: [...numbers(attributes.padBefore), ...numbers(attributes.padAfter)] },
  }
}

export const linearLowerings: Lowerings = {
  BatchMatMul: (model, { inputs: [a, b], from, outputs, attributes }) => {
    const { transposeA, transposeB } = attributes
    // Gemm transposes while it packs; MatMul needs the transposed operand in memory.
    if (from[0].shape.length === 2 && from[1].shape.length === 2 && (transposeA || transposeB)) {
      const flags = { transA: flag(transposeA), transB: flag(transposeB) }
      model.node('Gemm', [a, b], flags, outputs[0])
      return
    }
    const left = transposeA ? swapLast(model, a, from[0]) : a
    const right = transposeB ? swapLast(model, b, from[1]) : b
    model.node('MatMul', [left, right], {}, outputs[0])
  },
  Gemm: (model, { inputs, outputs, attributes }) => {
    const flags = { transA: flag(attributes.transposeA), transB: flag(attributes.transposeB) }
    model.node('Gemm', inputs, flags, outputs[0])
  },
  Conv: (model, { inputs, from, outputs, attributes }) => {
    model.node('Conv', inputs, window(attributes, from[1].shape.slice(2)), outputs[0])
  },
  ConvTranspose: (model, { inputs, from, outputs, attributes, to }) => {
    const kernel = from[1].shape.slice(2)
    const base = window(attributes, kernel)
    // What the strides leave undecided of the output's size.
    const extra = kernel.map((size, axis) => {
      const strided = (from[0].shape[axis + 2] - 1) * numbers(attributes.strides)[axis]
      const reach = (size - 1) * numbers(attributes.dilations)[axis] + 1
      const pads = numbers(attributes.padBefore)[axis] + numbers(attributes.padAfter)[axis]
      return to[0].shape[axis + 2] - (strided + reach - pads)
    })
    model.node('ConvTranspose', inputs, { ...base, output_padding: { ints: extra } }, outputs[0])
  },
}
