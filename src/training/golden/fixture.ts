// Golden fixtures: NAME.json (op, config, tolerances) beside NAME.safetensors (inputs and expected values).
import { InputError } from '../../base/errors.ts'
import { readSafetensors } from '../../network/safetensors.ts'

/** One row of a fixture's tensor table. */
export interface TensorInfo {
  readonly role: 'input' | 'expected'
  readonly shape: readonly number[]
  readonly dtype: string
  readonly atol?: number | readonly number[] | null
  readonly dev64?: number
  readonly max_abs?: number
  readonly note?: string | null
}

/** An array with its shape, outside any tensor library. */
export interface HostTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array
}

export type HostTensors = Record<string, HostTensor>

export interface Fixture {
  readonly name: string
  /** Path of the JSON file relative to the folder that was asked for, without its ending. */
  readonly label: string
  readonly op: string
  readonly config: Record<string, unknown>
  readonly info: Readonly<Record<string, TensorInfo>>
  readonly tensors: HostTensors
  /** The whole JSON, for the tables that only some operations have. */
  readonly json: Record<string, unknown>
}

/** A fixture from the contents of its two files; `label` is how it is called in reports. @throws InputError when they are damaged. */
export function parseFixture(label: string, json: Record<string, unknown>, bytes: Uint8Array): Fixture {
  const tensors: HostTensors = {}
  for (const [name, tensor] of Object.entries(readSafetensors(bytes).tensors)) {
    if (tensor.data instanceof Uint16Array || tensor.data instanceof Int16Array)
      throw new InputError(`Tensor '${name}' of the fixture ${label} is ${tensor.dtype}; F32 is expected.`)
    tensors[name] = { shape: tensor.shape, data: tensor.data }
  }
  return {
    name: label.split('/').at(-1)!,
    label,
    op: typeof json.op === 'string' ? json.op : '',
    config: (json.config ?? {}) as Record<string, unknown>,
    info: (json.tensors ?? {}) as Record<string, TensorInfo>,
    tensors,
    json,
  }
}

/** Names of a fixture's tensors with a prefix, such as 'in.' or 'out.', in the table's order. */
export function namesUnder(fixture: Fixture, prefix: string): string[] {
  return Object.keys(fixture.tensors).filter(name => name.startsWith(prefix))
}
