// Element-wise kernels: unary, binary, selection, casts, and constants made from shapes alone.
import type { Dtype } from '../graph.ts'
import { cast, elementwise, scalarLike } from './kernelRule.ts'
import type { KernelRule, KernelRules } from './kernelRule.ts'

/** Always float32, whatever comes in. */
const floatUnary = [
  'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Expm1', 'Log', 'Log1p',
  'Reciprocal', 'Rsqrt', 'Selu', 'Sigmoid', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Tan', 'Tanh',
] // prettier-ignore
/** The type of the input. */
const sameUnary = ['Abs', 'Ceil', 'Floor', 'Neg', 'Relu', 'Relu6', 'Round', 'Sign', 'Square']
const arithmetic = [
  'Add', 'Sub', 'Multiply', 'RealDiv', 'FloorDiv', 'Mod', 'Maximum', 'Minimum', 'Pow', 'SquaredDifference', 'Atan2',
] // prettier-ignore
const comparisons = [
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'Equal',
  'NotEqual',
  'LogicalAnd',
  'LogicalOr',
]
const tests = ['LogicalNot', 'IsNan', 'IsInf', 'IsFinite']

function unary(op: string, dtype?: Dtype): KernelRule {
  return {
    inputs: ['x'],
    record(graph, [x]) {
      const argument = dtype === 'float32' ? cast(graph, x, 'float32') : x
      return [elementwise(graph, op, [argument], dtype ?? graph.info(x).dtype)]
    },
  }
}

function binary(op: string, dtype?: Dtype): KernelRule {
  return {
    inputs: ['a', 'b'],
    record(graph, [a, b]) {
      const own = graph.info(a).dtype
      // ONNX has no arithmetic on booleans; tfjs computes it on bytes.
      const isBoolArithmetic = own === 'bool' && dtype === undefined
      const operands = isBoolArithmetic ? [cast(graph, a, 'int32'), cast(graph, b, 'int32')] : [a, b]
      const result = elementwise(graph, op, operands, dtype ?? (isBoolArithmetic ? 'int32' : own))
      return [isBoolArithmetic ? cast(graph, result, 'bool') : result]
    },
  }
}

const each = (names: readonly string[], rule: (op: string) => KernelRule): KernelRules =>
  Object.fromEntries(names.map(name => [name, rule(name)]))

const special: KernelRules = {
  Identity: { inputs: ['x'], record: (_, [x]) => [x] },
  Cast: {
    inputs: ['x'],
    record: (graph, [x], { dtype }) => [cast(graph, x, dtype as Dtype)],
  },
  LeakyRelu: {
    inputs: ['x'],
    record: (graph, [x], { alpha }) => [
      elementwise(graph, 'LeakyRelu', [cast(graph, x, 'float32')], 'float32', { alpha: alpha as number }),
    ],
  },
  Prelu: {
    inputs: ['x', 'alpha'],
    record: (graph, [x, alpha]) => [elementwise(graph, 'Prelu', [x, alpha], 'float32')],
  },
  EluGrad: {
    inputs: ['dy', 'y'],
    record: (graph, [dy, y]) => [elementwise(graph, 'EluGrad', [dy, y], 'float32')],
  },
  // 1 above zero, alpha below; NaN is not told apart.
  Step: {
    inputs: ['x'],
    record(graph, [x], { alpha }) {
      const info = graph.info(x)
      const above = elementwise(graph, 'Greater', [x, scalarLike(graph, 0, info)], 'bool')
      if (!alpha) return [cast(graph, above, info.dtype)]
      const branches = [scalarLike(graph, 1, info), scalarLike(graph, alpha as number, info)]
      return [elementwise(graph, 'Select', [above, ...branches], info.dtype)]
    },
  },
  ClipByValue: {
    inputs: ['x'],
    record: (graph, [x], { clipValueMin, clipValueMax }) => [
      elementwise(graph, 'ClipByValue', [x], graph.info(x).dtype, {
        min: clipValueMin as number,
        max: clipValueMax as number,
      }),
    ],
  },
  Select: {
    inputs: ['condition', 't', 'e'],
    record: (graph, [condition, t, e]) => [
      elementwise(graph, 'Select', [cast(graph, condition, 'bool'), t, e], graph.info(t).dtype),
    ],
  },
  AddN: {
    inputs: 'list',
    record: (graph, list) => [
      list.reduce((sum, term) => elementwise(graph, 'Add', [sum, term], graph.info(term).dtype)),
    ],
  },
  ZerosLike: { inputs: ['x'], record: (graph, [x]) => [graph.fill(0, graph.info(x))] },
  OnesLike: { inputs: ['x'], record: (graph, [x]) => [graph.fill(1, graph.info(x))] },
  Fill: {
    inputs: [],
    record: (graph, _, { shape, value, dtype }) => [
      graph.fill(value as number, { shape: shape as number[], dtype: (dtype ?? 'float32') as Dtype }),
    ],
  },
  Range: {
    inputs: [],
    record(graph, _, attributes) {
      const { start, stop, step, dtype } = attributes as {
        start: number
        stop: number
        step: number
        dtype: Dtype
      }
      const size = Math.max(0, Math.ceil((stop - start) / step))
      const numbers = Array.from({ length: size }, (_unused, index) => start + index * step)
      const data = dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers)
      return [graph.constant({ data }, { shape: [size], dtype })]
    },
  },
  LinSpace: {
    inputs: [],
    record(graph, _, attributes) {
      const { start, stop, num } = attributes as { start: number; stop: number; num: number }
      const step = num > 1 ? (stop - start) / (num - 1) : 0
      const data = Float32Array.from({ length: num }, (_unused, index) => start + index * step)
      return [graph.constant({ data }, { shape: [num], dtype: 'float32' })]
    },
  },
}

export const elementwiseRules: KernelRules = {
  ...each(floatUnary, op => unary(op, 'float32')),
  ...each(sameUnary, op => unary(op)),
  ...each(tests, op => unary(op, 'bool')),
  ...each(arithmetic, op => binary(op)),
  ...each(comparisons, op => binary(op, 'bool')),
  ...special,
}
