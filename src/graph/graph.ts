// The static graph that tracing yields and every later step reads: values in static single assignment, nodes in an
// order in which each follows what it reads. Operations carry tfjs's kernel names, but a smaller vocabulary: what
// tfjs spells in several ways (ExpandDims, Pack, SplitV, null axes, 'same') is spelled in one (Reshape, Concat, Slice,
// explicit axes, explicit padding).

/** What a value may hold. `bool` is stored as 0 and 1 in a Uint8Array. */
export type Dtype = 'float32' | 'int32' | 'bool'

export type ConstantData = Float32Array | Int32Array | Uint8Array

/** Shape and type of a value; all shapes are known. */
export interface ValueInfo {
  readonly shape: readonly number[]
  readonly dtype: Dtype
}

/** A value known beforehand: all elements equal, or given one by one. */
export type Constant = { readonly fill: number } | { readonly data: ConstantData }

export type Attribute = number | boolean | string | readonly number[] | readonly (readonly number[])[]
export type Attributes = Readonly<Record<string, Attribute>>

export interface GraphNode {
  readonly op: string
  /** Ids of the values read. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly attributes: Attributes
}

/** A whole computation; a value's id is its index in `values`. */
export interface Graph {
  readonly inputs: Readonly<Record<string, number>>
  readonly outputs: Readonly<Record<string, number>>
  readonly values: readonly ValueInfo[]
  readonly constants: ReadonlyMap<number, Constant>
  readonly nodes: readonly GraphNode[]
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

/**
 * Shape of an element-wise operation over broadcast operands (NumPy's rule, which is tfjs's and ONNX's).
 * @throws Error naming the shapes that do not fit.
 */
export function broadcastShape(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map(shape => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1
      if (own === 1) continue
      if (size !== 1 && size !== own)
        throw new Error(`Shapes [${shapes.map(each => each.join(',')).join('] and [')}] cannot be broadcast.`)
      size = own
    }
    return size
  })
}

/** Elements of a constant one by one, in its own type. */
export function constantData(constant: Constant, info: ValueInfo): ConstantData {
  return 'data' in constant ? constant.data : allocate(info.dtype, sizeOf(info.shape)).fill(constant.fill)
}

export function allocate(dtype: Dtype, size: number): ConstantData {
  if (dtype === 'float32') return new Float32Array(size)
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size)
}

/** Input and output names with their shapes, for whoever feeds the graph. */
export function describe(graph: Graph, ports: Readonly<Record<string, number>>): Record<string, ValueInfo> {
  return Object.fromEntries(Object.entries(ports).map(([name, id]) => [name, graph.values[id]]))
}
