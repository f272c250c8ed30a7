// What simplification may assume of an operation: which act on each element by itself, which only along given axes.

const elementwise = new Set([
  'Abs', 'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Expm1',
  'Floor', 'Log', 'Log1p', 'LogicalNot', 'Neg', 'Reciprocal', 'Relu', 'Relu6', 'Round', 'Rsqrt', 'Selu', 'Sigmoid',
  'Sign', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Square', 'Tan', 'Tanh', 'LeakyRelu', 'ClipByValue', 'IsNan', 'IsInf',
  'IsFinite', 'Cast', 'Add', 'Sub', 'Multiply', 'RealDiv', 'FloorDiv', 'Mod', 'Maximum', 'Minimum', 'Pow', 'Atan2',
  'SquaredDifference', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr',
  'Select', 'Prelu', 'EluGrad',
]) // prettier-ignore

/** True when each element of the result depends on one element of each operand, after broadcasting. */
export function isElementwise(op: string): boolean {
  return elementwise.has(op)
}

const reductions = new Set(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'])

/** True for reductions over the attribute `axes` with `keepDims`. */
export function isReduction(op: string): boolean {
  return reductions.has(op)
}
