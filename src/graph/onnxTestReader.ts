// For tests: reads an ONNX file back by a schema of its own, written down from onnx.proto3, so that what the encoder
// says is checked against the format's field numbers and not against itself.
import protobuf from 'protobufjs'

const schema = `
syntax = "proto3";
message Attribute { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated Attribute attribute = 5; string domain = 7; }
message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Dimension { int64 dim_value = 1; string dim_param = 2; }
message Shape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { TensorType tensor_type = 1; }
message ValueInfo { string name = 1; Type type = 2; string doc_string = 3; }
message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; string doc_string = 10;
  repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
message OperatorSet { string domain = 1; int64 version = 2; }
message Entry { string key = 1; string value = 2; }
message Model { int64 ir_version = 1; string producer_name = 2; string doc_string = 6; Graph graph = 7;
  repeated OperatorSet opset_import = 8; repeated Entry metadata_props = 14; }
`

export interface OnnxNodeRead {
  readonly name: string
  readonly opType: string
  readonly domain: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly { readonly name: string; readonly ints: readonly number[] }[]
}

interface PortRead {
  readonly name: string
  readonly shape: readonly number[]
  readonly doc: string
}

/** What the tests look at. */
export interface OnnxRead {
  readonly doc: string
  readonly opsets: readonly { readonly domain: string; readonly version: number }[]
  readonly metadata: Readonly<Record<string, string>>
  readonly nodes: readonly OnnxNodeRead[]
  readonly inputs: readonly PortRead[]
  readonly outputs: readonly PortRead[]
  readonly initialisers: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly raw: Uint8Array }>
  >
}

interface RawPort {
  name: string
  docString: string
  type: { tensorType: { shape: { dim: { dimValue: number }[] } } }
}

interface RawModel {
  docString: string
  opsetImport: { domain: string; version: number }[]
  metadataProps: { key: string; value: string }[]
  graph: {
    node: OnnxNodeRead[]
    input: RawPort[]
    output: RawPort[]
    initializer: { name: string; dims: number[]; rawData: Uint8Array }[]
  }
}

export function readOnnx(bytes: Uint8Array): OnnxRead {
  const type = protobuf.parse(schema).root.lookupType('Model')
  const model = type.toObject(type.decode(bytes), { longs: Number, defaults: true }) as RawModel
  const ports = (list: RawPort[]) =>
    list.map(({ name, docString, type: { tensorType } }) => ({
      name,
      doc: docString,
      shape: tensorType.shape.dim.map(({ dimValue }) => dimValue),
    }))
  const { graph, docString, opsetImport, metadataProps } = model
  return {
    doc: docString,
    opsets: opsetImport,
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
    nodes: graph.node,
    inputs: ports(graph.input),
    outputs: ports(graph.output),
    initialisers: Object.fromEntries(
      graph.initializer.map(({ name, dims, rawData }) => [name, { shape: dims, raw: rawData }]),
    ),
  }
}
