// Element-wise operations as WGSL expressions. F, I and B are the lane's float, integer and boolean types (one number or
// four, declared by the program); booleans are kept as integers 0 and 1 between operations.
import { sizeOf } from '../graph.ts'
import type { Attributes, Dtype } from '../graph.ts'
import { isElementwise } from '../rules/operations.ts'

/** An operand of an expression: the WGSL name of its value, its type, and its number where it is a constant. */
export interface Term {
  readonly name: string
  readonly dtype: Dtype
  readonly literal?: number
}

/** The storage type of a value: tfjs's booleans are integers on the device. */
export const storedAs = (dtype: Dtype): 'float32' | 'int32' => (dtype === 'float32' ? 'float32' : 'int32')

/** A number as WGSL's text. @throws Error for a number that is not finite: WGSL has no literal for it. */
export function literalText(value: number, dtype: Dtype): string {
  if (!Number.isFinite(value)) throw new Error(`The constant ${value} cannot be written in a WGSL program.`)
  if (dtype !== 'float32') return `I(${Math.trunc(value)})`
  const text = String(Math.fround(value))
  return `F(${text}f)`
}

/**
 * What the expressions below call. Series stand where the plain formula cancels: the first term left out is below
 * float32's rounding at the limit given.
 */
export const expressionLibrary = `
fn flag(is: B) -> I { return select(I(0), I(1), is); }
fn isNotNumber(x: F) -> B { return (bitcast<U>(x) & U(0x7fffffffu)) > U(0x7f800000u); }
fn isInfinite(x: F) -> B { return (bitcast<U>(x) & U(0x7fffffffu)) == U(0x7f800000u); }
fn expm1(x: F) -> F {
  let near = x * (F(1.0) + x * (F(0.5) + x * (F(1.0 / 6.0) + x * F(1.0 / 24.0))));
  return select(exp(x) - F(1.0), near, abs(x) < F(0.02));
}
fn log1p(x: F) -> F {
  let near = x * (F(1.0) - x * (F(0.5) - x * (F(1.0 / 3.0) - x * (F(0.25) - x * (F(0.2) - x * F(1.0 / 6.0))))));
  return select(log(F(1.0) + x), near, abs(x) < F(0.06));
}
// Abramowitz and Stegun 7.1.26, error below 1.5e-7; near 0, where that formula cancels, the power series.
fn errorFunction(x: F) -> F {
  let t = F(1.0) / (F(1.0) + F(0.3275911) * abs(x));
  let p = t * (F(0.254829592) + t * (F(-0.284496736) + t * (F(1.421413741) + t * (F(-1.453152027) + t * F(1.061405429)))));
  let far = sign(x) * (F(1.0) - p * exp(-x * x));
  let s = x * x;
  let near = x * F(1.1283791671) * (F(1.0) - s * (F(1.0 / 3.0) - s * (F(0.1) - s * (F(1.0 / 42.0) - s * F(1.0 / 216.0)))));
  return select(far, near, abs(x) < F(0.3));
}
// WGSL's pow knows no negative base: whole exponents take their sign from the exponent's parity.
fn power(a: F, b: F) -> F {
  let size = pow(abs(a), b);
  let isOdd = abs(b - F(2.0) * floor(b * F(0.5))) == F(1.0);
  let signed = select(size, -size, (a < F(0.0)) & isOdd);
  return select(signed, F(1.0), b == F(0.0));
}
// A driver's tanh may overflow for large arguments, where the result is ±1.
fn boundedTanh(x: F) -> F { return tanh(clamp(x, F(-15.0), F(15.0))); }
`

type Write = (x: string, y: string, z: string, attributes: Attributes, terms: readonly Term[]) => string

const float: Record<string, Write> = {
  Acosh: x => `log(${x} + sqrt(${x} * ${x} - F(1.0)))`,
  Asinh: x => `sign(${x}) * log(abs(${x}) + sqrt(${x} * ${x} + F(1.0)))`,
  Atan2: (x, y) => `atan2(${x}, ${y})`,
  Atanh: x => `F(0.5) * (log1p(${x}) - log1p(-${x}))`,
  Elu: x => `select(expm1(${x}), ${x}, ${x} >= F(0.0))`,
  EluGrad: (dy, y) => `select(${dy} * (${y} + F(1.0)), ${dy}, ${y} >= F(0.0))`,
  Erf: x => `errorFunction(${x})`,
  Expm1: x => `expm1(${x})`,
  FloorDiv: (x, y) => `floor(${x} / ${y})`,
  LeakyRelu: (x, _, __, { alpha }) =>
    `select(${x} * ${literalText(alpha as number, 'float32')}, ${x}, ${x} > F(0.0))`,
  Log1p: x => `log1p(${x})`,
  Mod: (x, y) => `${x} - floor(${x} / ${y}) * ${y}`,
  Pow: (x, y, _, __, [, { literal }]) =>
    literal === 2 ? `${x} * ${x}` : literal === 3 ? `${x} * ${x} * ${x}` : `power(${x}, ${y})`,
  Prelu: (x, y) => `select(${x} * ${y}, ${x}, ${x} >= F(0.0))`,
  Reciprocal: x => `F(1.0) / ${x}`,
  Relu: x => `max(${x}, F(0.0))`,
  Relu6: x => `clamp(${x}, F(0.0), F(6.0))`,
  Rsqrt: x => `inverseSqrt(${x})`,
  Selu: x => `F(1.0507009873554805) * select(F(1.6732632423543772) * expm1(${x}), ${x}, ${x} >= F(0.0))`,
  Sigmoid: x => `F(1.0) / (F(1.0) + exp(-${x}))`,
  Softplus: x => `max(${x}, F(0.0)) + log1p(exp(-abs(${x})))`,
  Tanh: x => `boundedTanh(${x})`,
  IsNan: x => `flag(isNotNumber(${x}))`,
  IsInf: x => `flag(isInfinite(${x}))`,
  IsFinite: x => `flag(!isNotNumber(${x}) & !isInfinite(${x}))`,
}

const whole: Record<string, Write> = {
  FloorDiv: (x, y) => `I(floor(F(${x}) / F(${y})))`,
  Mod: (x, y) => `((${x} % ${y}) + ${y}) % ${y}`,
  Pow: (x, y) => `I(round(power(F(${x}), F(${y}))))`,
  Relu: x => `max(${x}, I(0))`,
  Relu6: x => `clamp(${x}, I(0), I(6))`,
  IsNan: () => `I(0)`,
  IsInf: () => `I(0)`,
  IsFinite: () => `I(1)`,
}

const infix: Record<string, string> = { Add: '+', Sub: '-', Multiply: '*', RealDiv: '/' }
const comparisons: Record<string, string> = {
  Greater: '>',
  GreaterEqual: '>=',
  Less: '<',
  LessEqual: '<=',
  Equal: '==',
  NotEqual: '!=',
}

/** Operations that WGSL has under one name for floats and integers. */
const calls: Record<string, string> = {
  Abs: 'abs', Acos: 'acos', Asin: 'asin', Atan: 'atan', Ceil: 'ceil', Cos: 'cos', Cosh: 'cosh', Exp: 'exp',
  Floor: 'floor', Log: 'log', Maximum: 'max', Minimum: 'min', Round: 'round', Sign: 'sign', Sin: 'sin', Sinh: 'sinh',
  Sqrt: 'sqrt', Tan: 'tan',
} // prettier-ignore
/** Of these, what changes nothing of an integer. */
const roundings = new Set(['Ceil', 'Floor', 'Round'])

const anyType: Record<string, Write> = {
  LogicalAnd: (x, y) => `${x} & ${y}`,
  LogicalOr: (x, y) => `${x} | ${y}`,
  LogicalNot: x => `I(1) - ${x}`,
  Neg: x => `-${x}`,
  Square: x => `${x} * ${x}`,
  SquaredDifference: (x, y) => `(${x} - ${y}) * (${x} - ${y})`,
  Select: (condition, t, e) => `select(${e}, ${t}, ${condition} != I(0))`,
  ClipByValue: (x, _, __, { min, max }, [{ dtype }]) =>
    `clamp(${x}, ${literalText(min as number, dtype)}, ${literalText(max as number, dtype)})`,
}

function castText(x: string, from: Dtype, to: Dtype): string {
  if (to === 'bool' && from !== 'bool') return `flag(${x} != ${from === 'float32' ? 'F(0.0)' : 'I(0)'})`
  if (storedAs(from) === storedAs(to)) return x
  return to === 'float32' ? `F(${x})` : `I(${x})`
}

/**
 * The expression of an element-wise operation on its operands.
 * @throws Error naming an operation that has no expression here.
 */
export function expressionText(
  op: string,
  terms: readonly Term[],
  attributes: Attributes,
  to: Dtype,
): string {
  const [x, y, z] = terms.map(term => term.name)
  if (op === 'Cast') return castText(x, terms[0].dtype, to)
  if (infix[op]) return `${x} ${infix[op]} ${y}`
  if (comparisons[op]) return `flag(${x} ${comparisons[op]} ${y})`
  const write = anyType[op] ?? (terms[0].dtype === 'float32' ? float : whole)[op]
  if (write) return write(x, y, z, attributes, terms)
  if (roundings.has(op) && terms[0].dtype !== 'float32') return x
  if (calls[op]) return `${calls[op]}(${terms.map(term => term.name).join(', ')})`
  throw new Error(`The operation ${op} has no WGSL expression; add one in src/graph/webgpu/expressions.ts.`)
}

/** True where an operation can be part of a fused program. */
export function isExpression(op: string): boolean {
  return isElementwise(op)
}

/** Whether a constant can be part of a program's text instead of a buffer. */
export function isLiteral(fill: number | undefined, shape: readonly number[]): fill is number {
  return fill !== undefined && Number.isFinite(fill) && sizeOf(shape) > 0
}
