// Element-wise operations in ONNX. Where ONNX Runtime's CPU lacks the kernel for a type, the operation is composed.
import { elementType } from './onnxModel.ts'
import type { OnnxModel } from './onnxModel.ts'
import type { Lowering, LoweringNode, Lowerings } from './lowering.ts'

/** Operations that have one ONNX operator with the same operands. */
const direct: Record<string, string> = {
  Abs: 'Abs', Acos: 'Acos', Acosh: 'Acosh', Asin: 'Asin', Asinh: 'Asinh', Atan: 'Atan', Atanh: 'Atanh', Ceil: 'Ceil',
  Cos: 'Cos', Cosh: 'Cosh', Elu: 'Elu', Erf: 'Erf', Exp: 'Exp', Floor: 'Floor', Log: 'Log', LogicalNot: 'Not',
  Neg: 'Neg', Reciprocal: 'Reciprocal', Relu: 'Relu', Round: 'Round', Selu: 'Selu', Sigmoid: 'Sigmoid', Sign: 'Sign',
  Sin: 'Sin', Sinh: 'Sinh', Softplus: 'Softplus', Sqrt: 'Sqrt', Tan: 'Tan', Tanh: 'Tanh', IsNan: 'IsNaN',
  IsInf: 'IsInf', Add: 'Add', Sub: 'Sub', Multiply: 'Mul', RealDiv: 'Div', Maximum: 'Max', Minimum: 'Min', Pow: 'Pow',
  Greater: 'Greater', GreaterEqual: 'GreaterOrEqual', Less: 'Less', LessEqual: 'LessOrEqual', Equal: 'Equal',
  LogicalAnd: 'And', LogicalOr: 'Or', Select: 'Where', Gelu: 'Gelu', Prelu: 'PRelu',
} // prettier-ignore

const one: (op: string) => Lowering =
  op =>
  (model, { inputs, outputs }) => {
    model.node(op, inputs, {}, outputs[0])
  }

/** Computes in float32 what ONNX defines for no integers. */
function throughFloat(model: OnnxModel, node: LoweringNode, compute: (x: string) => string): void {
  const isFloat = node.from[0].dtype === 'float32'
  const x = isFloat
    ? node.inputs[0]
    : model.node('Cast', [node.inputs[0]], { to: { int: elementType.float32 } })
  model.node(
    isFloat ? 'Identity' : 'Cast',
    [compute(x)],
    isFloat ? {} : { to: { int: elementType.int32 } },
    node.outputs[0],
  )
}

const special: Lowerings = {
  Cast: (model, { inputs, from, to, outputs }) => {
    const target = { to: { int: elementType[to[0].dtype] } }
    // tfjs: true is 1, and whatever is not 0 is true, as in ONNX.
    model.node(
      'Cast',
      inputs,
      from[0].dtype === to[0].dtype ? { to: { int: elementType[from[0].dtype] } } : target,
      outputs[0],
    )
  },
  Square: (model, { inputs: [x], outputs }) => {
    model.node('Mul', [x, x], {}, outputs[0])
  },
  SquaredDifference: (model, { inputs, outputs }) => {
    const difference = model.node('Sub', inputs)
    model.node('Mul', [difference, difference], {}, outputs[0])
  },
  Rsqrt: (model, { inputs, outputs }) => {
    model.node('Reciprocal', [model.node('Sqrt', inputs)], {}, outputs[0])
  },
  Expm1: (model, { inputs, outputs }) => {
    model.node('Sub', [model.node('Exp', inputs), model.scalar(1, 'float32')], {}, outputs[0])
  },
  Log1p: (model, { inputs, outputs }) => {
    // ONNX has no log1p. log(1 + x) · x / ((1 + x) - 1) keeps small x exact (Kahan's correction; x where 1 + x is 1).
    const onePlus = model.node('Add', [inputs[0], model.scalar(1, 'float32')])
    const kept = model.node('Sub', [onePlus, model.scalar(1, 'float32')])
    const isTiny = model.node('Equal', [kept, model.scalar(0, 'float32')])
    const isLarge = model.node('IsInf', [kept])
    const divisor = model.node('Where', [
      model.node('Or', [isTiny, isLarge]),
      model.scalar(1, 'float32'),
      kept,
    ])
    const corrected = model.node('Mul', [
      model.node('Log', [onePlus]),
      model.node('Div', [inputs[0], divisor]),
    ])
    const finite = model.node('Where', [isTiny, inputs[0], corrected])
    model.node('Where', [isLarge, inputs[0], finite], {}, outputs[0])
  },
  FloorDiv: (model, node) => {
    const isFloat = node.from[0].dtype === 'float32'
    const asFloat = (name: string) =>
      isFloat ? name : model.node('Cast', [name], { to: { int: elementType.float32 } })
    const quotient = model.node('Div', [asFloat(node.inputs[0]), asFloat(node.inputs[1])])
    throughFloat(model, { ...node, inputs: [quotient], from: [{ ...node.from[0], dtype: 'float32' }] }, x =>
      model.node('Floor', [x]),
    )
  },
  // tfjs's modulo has the sign of the divisor; ONNX's for floats has the dividend's.
  Mod: (model, { inputs: [a, b], outputs, from }) => {
    if (from[0].dtype === 'int32') {
      model.node('Mod', [a, b], {}, outputs[0])
      return
    }
    const whole = model.node('Mul', [model.node('Floor', [model.node('Div', [a, b])]), b])
    model.node('Sub', [a, whole], {}, outputs[0])
  },
  NotEqual: (model, { inputs, outputs }) => {
    model.node('Not', [model.node('Equal', inputs)], {}, outputs[0])
  },
  IsFinite: (model, { inputs, outputs }) => {
    const odd = model.node('Or', [model.node('IsNaN', inputs), model.node('IsInf', inputs)])
    model.node('Not', [odd], {}, outputs[0])
  },
  Relu6: (model, { inputs, outputs }) => {
    model.node('Clip', [inputs[0], model.scalar(0, 'float32'), model.scalar(6, 'float32')], {}, outputs[0])
  },
  ClipByValue: (model, { inputs, outputs, attributes, to }) => {
    const { dtype } = to[0]
    const limits = [attributes.min as number, attributes.max as number].map(each => model.scalar(each, dtype))
    model.node('Clip', [inputs[0], ...limits], {}, outputs[0])
  },
  LeakyRelu: (model, { inputs, outputs, attributes }) => {
    model.node('LeakyRelu', inputs, { alpha: { float: attributes.alpha as number } }, outputs[0])
  },
  EluGrad: (model, { inputs: [dy, y], outputs }) => {
    const slope = model.node('Add', [y, model.scalar(1, 'float32')])
    const isPositive = model.node('GreaterOrEqual', [y, model.scalar(0, 'float32')])
    model.node('Where', [isPositive, dy, model.node('Mul', [dy, slope])], {}, outputs[0])
  },
}

export const elementwiseLowerings: Lowerings = {
  ...Object.fromEntries(Object.entries(direct).map(([name, op]) => [name, one(op)])),
  ...special,
}
