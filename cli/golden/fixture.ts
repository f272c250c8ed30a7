// Golden fixtures on disk: NAME.json (op, config, tolerances) beside NAME.safetensors (inputs and expected values).
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../../src/base/errors.ts'
import { readSafetensors } from '../../src/network/safetensors.ts'

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
  /** Path of the JSON file relative to the folder that was asked for. */
  readonly label: string
  readonly op: string
  readonly config: Record<string, unknown>
  readonly info: Readonly<Record<string, TensorInfo>>
  readonly tensors: HostTensors
  /** The whole JSON, for the tables that only some operations have. */
  readonly json: Record<string, unknown>
}

/** All JSON files under a folder that have a safetensors file of the same name, in order of their paths. */
export async function findFixtures(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => {
    throw new InputError(
      `The folder '${folder}' cannot be read; name a folder of golden fixtures (NAME.json beside NAME.safetensors).`,
    )
  })
  const files = entries.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name))
  const known = new Set(files)
  return files
    .filter(file => file.endsWith('.json') && known.has(file.replace(/\.json$/, '.safetensors')))
    .sort()
}

/** Reads a fixture. @throws InputError when its files are damaged. */
export async function readFixture(file: string, folder: string): Promise<Fixture> {
  const json = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  const bytes = await readFile(file.replace(/\.json$/, '.safetensors'))
  const tensors: HostTensors = {}
  for (const [name, tensor] of Object.entries(readSafetensors(bytes).tensors)) {
    if (tensor.data instanceof Uint16Array)
      throw new InputError(`Tensor '${name}' of ${file} is F16; F32 is expected.`)
    tensors[name] = { shape: tensor.shape, data: tensor.data }
  }
  return {
    name: path.basename(file, '.json'),
    label: path.relative(folder, file).replace(/\.json$/, ''),
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
