// Collects ONNX nodes, initialisers and names, and writes them as a ModelProto (onnx.proto3, the fields used here).
import protobuf from 'protobufjs/minimal.js'
import type { ValueInfo } from '../graph.ts'
import type { Naming } from './names.ts'

/** Version of ONNX's operators that the nodes are written for; any runtime since 2024 knows it. */
export const opsetVersion = 21
const irVersion = 10

export const elementType = { float32: 1, int32: 6, int64: 7, bool: 9 } as const
export type ElementType = keyof typeof elementType

export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string }

interface OnnxNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

interface Initialiser {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

export interface Port extends ValueInfo {
  readonly name: string
  readonly doc?: string
}

/** What a file says about itself beside the computation. */
export interface ModelDescription {
  readonly name: string
  readonly doc?: string
  /** Becomes the file's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>
}

export class OnnxModel {
  private readonly nodes: OnnxNode[] = []
  private readonly initialisers: Initialiser[] = []
  private readonly known = new Map<string, string>()
  private readonly naming: Naming

  constructor(naming: Naming) {
    this.naming = naming
  }

  /** A name that no other value has, for what `op` makes. */
  fresh(op: string): string {
    return this.naming.fresh(op)
  }

  /** Appends a node with one output and returns the output's name; '' stands for an input left out. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output = this.fresh(op),
  ): string {
    this.nodes.push({ op, inputs, outputs: [output], attributes })
    return output
  }

  /** As `node`, for several outputs. */
  multi(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: string[],
  ): void {
    this.nodes.push({ op, inputs, outputs, attributes })
  }

  /** A constant tensor; `data` has the type's own memory layout. */
  tensor(
    type: ElementType,
    shape: readonly number[],
    data: ArrayBufferView,
    name = this.naming.constant(type),
  ): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.initialisers.push({ name, type, shape, bytes })
    return name
  }

  /** A list of int64, as shapes, axes and indices are given. */
  ints(values: readonly number[]): string {
    return this.remembered(`ints ${values.join(',')}`, () =>
      this.tensor(
        'int64',
        [values.length],
        BigInt64Array.from(values, value => BigInt(value)),
      ),
    )
  }

  /** One number without axes. */
  scalar(value: number, type: 'float32' | 'int32' | 'bool'): string {
    const data = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[type].of(value)
    return this.remembered(`${type} ${Object.is(value, -0) ? '-0' : value}`, () =>
      this.tensor(type, [], data),
    )
  }

  /** The file's bytes. */
  encode(description: ModelDescription, inputs: readonly Port[], outputs: readonly Port[]): Uint8Array {
    const { name, doc, metadata = {} } = description
    const writer = protobuf.Writer.create()
    writer.uint32(8).int64(irVersion)
    writer.uint32(18).string('SMARTFormer Workbench')
    if (doc !== undefined) writer.uint32(50).string(doc)
    writer.uint32(58).fork()
    for (const node of this.nodes) writeNode(writer.uint32(10).fork(), node).ldelim()
    writer.uint32(18).string(name)
    for (const each of this.initialisers) writeTensor(writer.uint32(42).fork(), each).ldelim()
    if (doc !== undefined) writer.uint32(82).string(doc)
    for (const port of inputs) writePort(writer.uint32(90).fork(), port).ldelim()
    for (const port of outputs) writePort(writer.uint32(98).fork(), port).ldelim()
    writer.ldelim()
    writer.uint32(66).fork().uint32(10).string('').uint32(16).int64(opsetVersion).ldelim()
    for (const [key, value] of Object.entries(metadata))
      writer.uint32(114).fork().uint32(10).string(key).uint32(18).string(value).ldelim()
    return writer.finish()
  }

  private remembered(key: string, make: () => string): string {
    const known = this.known.get(key)
    if (known) return known
    const name = make()
    this.known.set(key, name)
    return name
  }
}

function writeNode(writer: protobuf.Writer, { op, inputs, outputs, attributes }: OnnxNode): protobuf.Writer {
  for (const input of inputs) writer.uint32(10).string(input)
  for (const output of outputs) writer.uint32(18).string(output)
  writer.uint32(26).string(outputs[0]).uint32(34).string(op)
  for (const [name, value] of Object.entries(attributes)) {
    writer.uint32(42).fork().uint32(10).string(name)
    if ('int' in value) writer.uint32(24).int64(value.int).uint32(160).int32(2)
    if ('float' in value) writer.uint32(21).float(value.float).uint32(160).int32(1)
    if ('text' in value) writer.uint32(34).bytes(new TextEncoder().encode(value.text)).uint32(160).int32(3)
    if ('ints' in value) {
      for (const each of value.ints) writer.uint32(64).int64(each)
      writer.uint32(160).int32(7)
    }
    writer.ldelim()
  }
  return writer
}

function writeTensor(writer: protobuf.Writer, { name, type, shape, bytes }: Initialiser): protobuf.Writer {
  for (const size of shape) writer.uint32(8).int64(size)
  return writer.uint32(16).int32(elementType[type]).uint32(66).string(name).uint32(74).bytes(bytes)
}

function writePort(writer: protobuf.Writer, { name, shape, dtype, doc }: Port): protobuf.Writer {
  writer.uint32(10).string(name).uint32(18).fork().uint32(10).fork().uint32(8).int32(elementType[dtype])
  writer.uint32(18).fork()
  for (const size of shape) writer.uint32(10).fork().uint32(8).int64(size).ldelim()
  writer.ldelim().ldelim().ldelim()
  return doc === undefined ? writer : writer.uint32(26).string(doc)
}
