// Computes nodes whose inputs are all constants, so that weights are transposed, cut and scaled once and not in every
// run. Only what occurs on the way from weights and tables to their first use is here.
import { allocate, sizeOf } from '../graph.ts'
import type { Attributes, ConstantData, ValueInfo } from '../graph.ts'

interface Operand extends ValueInfo {
  readonly data: ConstantData
}
type Evaluate = (inputs: readonly Operand[], output: ValueInfo, attributes: Attributes) => ConstantData

const unary: Record<string, (x: number) => number> = {
  Abs: Math.abs,
  Ceil: Math.ceil,
  Exp: Math.exp,
  Floor: Math.floor,
  Log: Math.log,
  LogicalNot: x => (x ? 0 : 1),
  Neg: x => -x,
  Reciprocal: x => 1 / x,
  Relu: x => Math.max(0, x),
  Rsqrt: x => 1 / Math.sqrt(x),
  Sign: Math.sign,
  Sqrt: Math.sqrt,
  Square: x => x * x,
}

const binary: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  FloorDiv: (a, b) => Math.floor(a / b),
  Maximum: Math.max,
  Minimum: Math.min,
  Pow: (a, b) => a ** b,
  SquaredDifference: (a, b) => (a - b) ** 2,
  Greater: (a, b) => Number(a > b),
  GreaterEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessEqual: (a, b) => Number(a <= b),
  Equal: (a, b) => Number(a === b),
  NotEqual: (a, b) => Number(a !== b),
  LogicalAnd: (a, b) => Number(a && b),
  LogicalOr: (a, b) => Number(a || b),
}

/** Distance in memory between neighbours along each axis; 0 along axes of size 1, which therefore broadcast. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(0)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = shape[axis] === 1 ? 0 : step
    step *= shape[axis]
  }
  return strides
}

/** For each element of `shape` in memory order, its offset in another array: start + Σ index·stride. */
function offsets(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const result = new Int32Array(sizeOf(shape))
  const index = Array<number>(shape.length).fill(0)
  let offset = start
  for (let at = 0; at < result.length; at++) {
    result[at] = offset
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis]
      if (++index[axis] < shape[axis]) break
      offset -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return result
}

/** Offsets in an operand that is broadcast to `shape`. */
function broadcastOffsets(operand: ValueInfo, shape: readonly number[]): Int32Array {
  const missing = Array<number>(shape.length - operand.shape.length).fill(0)
  return offsets(shape, [...missing, ...stridesOf(operand.shape)])
}

function pick(source: ConstantData, places: Int32Array, output: ValueInfo): ConstantData {
  return allocate(output.dtype, places.length).map((_, at) => source[places[at]])
}

function evaluateBinary(compute: (a: number, b: number) => number): Evaluate {
  return ([a, b], output) => {
    const left = broadcastOffsets(a, output.shape)
    const right = broadcastOffsets(b, output.shape)
    return allocate(output.dtype, left.length).map((_, at) => compute(a.data[left[at]], b.data[right[at]]))
  }
}

function evaluateReduction(start: number, combine: (sum: number, value: number) => number): Evaluate {
  return ([x], output, { axes, keepDims }) => {
    const reduced = axes as readonly number[]
    const kept = keepDims ? output.shape : x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size))
    const compact = keepDims ? kept : x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size))
    const places = offsets(x.shape, stridesOf(compact))
    const sums = new Float64Array(sizeOf(output.shape)).fill(start)
    places.forEach((place, at) => (sums[place] = combine(sums[place], x.data[at])))
    return allocate(output.dtype, sums.length).map((_, at) => sums[at])
  }
}

function concat(inputs: readonly Operand[], output: ValueInfo, { axis }: Attributes): ConstantData {
  const at = axis as number
  const result = allocate(output.dtype, sizeOf(output.shape))
  const outer = sizeOf(output.shape.slice(0, at))
  let written = 0
  for (let row = 0; row < outer; row++)
    for (const { data, shape } of inputs) {
      const run = sizeOf(shape.slice(at))
      result.set(data.subarray(row * run, (row + 1) * run), written)
      written += run
    }
  return result
}

function pad([x]: readonly Operand[], output: ValueInfo, { paddings, value }: Attributes): ConstantData {
  const before = (paddings as readonly (readonly number[])[]).map(pair => pair[0])
  const strides = output.shape.map((_, axis) => sizeOf(output.shape.slice(axis + 1)))
  const start = before.reduce((sum, count, axis) => sum + count * strides[axis], 0)
  const result = allocate(output.dtype, sizeOf(output.shape)).fill(value as number)
  offsets(x.shape, strides, start).forEach((place, at) => (result[place] = x.data[at]))
  return result
}

function gather([x, indices]: readonly Operand[], output: ValueInfo, { axis }: Attributes): ConstantData {
  const at = axis as number
  const inner = sizeOf(x.shape.slice(at + 1))
  const size = x.shape[at]
  const picks = indices.data.length
  return allocate(output.dtype, sizeOf(output.shape)).map((_, place) => {
    const [row, rest] = [Math.floor(place / (picks * inner)), place % (picks * inner)]
    return x.data[(row * size + indices.data[Math.floor(rest / inner)]) * inner + (rest % inner)]
  })
}

const special: Record<string, Evaluate> = {
  Reshape: ([x]) => x.data,
  Cast: ([x], output) => allocate(output.dtype, x.data.length).map((_, at) => castNumber(x.data[at], output)),
  BroadcastTo: ([x], output) => pick(x.data, broadcastOffsets(x, output.shape), output),
  Transpose: ([x], output, { perm }) => {
    const strides = stridesOf(x.shape)
    return pick(
      x.data,
      offsets(
        output.shape,
        (perm as readonly number[]).map(axis => strides[axis]),
      ),
      output,
    )
  },
  Slice: ([x], output, { begin }) => {
    const strides = stridesOf(x.shape)
    const start = (begin as readonly number[]).reduce((sum, from, axis) => sum + from * strides[axis], 0)
    return pick(x.data, offsets(output.shape, strides, start), output)
  },
  Reverse: ([x], output, { axes }) => {
    const reversed = axes as readonly number[]
    const strides = stridesOf(x.shape)
    const start = reversed.reduce((sum, axis) => sum + (x.shape[axis] - 1) * strides[axis], 0)
    const signed = strides.map((stride, axis) => (reversed.includes(axis) ? -stride : stride))
    return pick(x.data, offsets(output.shape, signed, start), output)
  },
  Concat: concat,
  PadV2: pad,
  GatherV2: gather,
  Select: ([condition, t, e], output) => {
    const [mask, left, right] = [condition, t, e].map(each => broadcastOffsets(each, output.shape))
    return allocate(output.dtype, mask.length).map((_, at) =>
      condition.data[mask[at]] ? t.data[left[at]] : e.data[right[at]],
    )
  },
  Sum: evaluateReduction(0, (sum, value) => sum + value),
  Max: evaluateReduction(-Infinity, Math.max),
  Min: evaluateReduction(Infinity, Math.min),
}

/** int32 cuts towards zero, bool is "not zero". */
function castNumber(value: number, { dtype }: ValueInfo): number {
  if (dtype === 'bool') return Number(value !== 0)
  return dtype === 'int32' ? Math.trunc(value) : value
}

/** Padding that cuts is left to the runtime. */
function isComputed(op: string, { paddings }: Attributes): boolean {
  return op !== 'PadV2' || (paddings as number[][]).flat().every(count => count >= 0)
}

/** The result of an operation on constants; undefined where it is not computed here. */
export function evaluate(
  op: string,
  inputs: readonly Operand[],
  output: ValueInfo,
  attributes: Attributes,
): ConstantData | undefined {
  if (unary[op])
    return allocate(output.dtype, inputs[0].data.length).map((_, at) => unary[op](inputs[0].data[at]))
  if (binary[op]) return evaluateBinary(binary[op])(inputs, output, attributes)
  return isComputed(op, attributes) ? special[op]?.(inputs, output, attributes) : undefined
}
