// A network's parameters out of a model's weights file, as float32 whatever the file stores.
import { InputError } from '../base/errors.ts'
import { halfToFloat } from '../network/half.ts'
import type { ModelManifest } from '../network/model.ts'
import { sha256 } from '../network/sha256.ts'
import type { SafetensorsFile, SafetensorsTensor } from '../network/safetensors.ts'
import { readSafetensors } from '../network/safetensors.ts'

export interface Parameter {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/**
 * Reads the weights that belong to `manifest`.
 * @throws InputError when size or SHA-256 are not what the model description says, or the file is damaged.
 */
export async function readWeights(manifest: ModelManifest, bytes: Uint8Array): Promise<SafetensorsFile> {
  const { file, bytes: expectedBytes, sha256: expected } = manifest.weights
  const actual = bytes.length === expectedBytes ? await sha256(new Uint8Array(bytes)) : ''
  if (actual !== expected) {
    throw new InputError(
      `The weights ${file} (${bytes.length} bytes) are not the ones that the description of "${manifest.name}" names (${expectedBytes} bytes, SHA-256 ${expected.slice(0, 12)}…); get the model's files again.`,
    )
  }
  return readSafetensors(bytes)
}

/** The parameters whose name begins with `prefix`, under their SPEC names. @throws InputError for other data types. */
export function takeParameters(weights: SafetensorsFile, prefix: string): Record<string, Parameter> {
  const parameters: Record<string, Parameter> = {}
  for (const [name, tensor] of Object.entries(weights.tensors)) {
    if (name.startsWith(prefix)) {
      parameters[name.slice(prefix.length)] = { shape: tensor.shape, data: toFloat32(name, tensor) }
    }
  }
  return parameters
}

function toFloat32(name: string, { dtype, data }: SafetensorsTensor): Float32Array {
  if (dtype === 'F32') return data as Float32Array
  if (dtype === 'F16') return Float32Array.from(data as Uint16Array, halfToFloat)
  throw new InputError(
    `The weight '${name}' is stored as ${dtype}; F32 or F16 is expected: use a weights file made for this program.`,
  )
}
