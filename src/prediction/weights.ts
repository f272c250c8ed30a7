// A network's parameters out of a model's weights file, as float32 whatever the file stores.
import { InputError } from '../base/errors.ts'
import { halfToFloat } from '../base/half.ts'
import { requireWeights } from '../network/checkWeights.ts'
import { weightShapes, type ModelManifest } from '../network/model.ts'
import { sha256 } from '../network/sha256.ts'
import type { SafetensorsFile, SafetensorsTensor } from '../network/safetensors.ts'
import { readSafetensorsData, readSafetensorsLayout } from '../network/safetensors.ts'

export interface Parameter {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/**
 * Reads the weights that belong to `manifest`.
 * @throws InputError when size or SHA-256 are not what the model description says, the file is damaged, or its tensors
 * are not exactly those of the described networks; nothing but the header has been copied by then.
 */
export async function readWeights(manifest: ModelManifest, bytes: Uint8Array): Promise<SafetensorsFile> {
  const { file, bytes: expectedBytes, sha256: expected } = manifest.weights
  const actual = bytes.length === expectedBytes ? await sha256(new Uint8Array(bytes)) : ''
  if (actual !== expected) {
    throw new InputError(
      `The weights ${file} (${bytes.length} bytes) are not the ones that the description of "${manifest.name}" names (${expectedBytes} bytes, SHA-256 ${expected.slice(0, 12)}…); get the model's files again.`,
    )
  }
  const layout = readSafetensorsLayout(bytes)
  requireWeights(layout, weightShapes(manifest), file)
  return readSafetensorsData(layout)
}

/** The parameters whose name begins with `prefix`, under their SPEC names, of weights that `readWeights` has checked. */
export function takeParameters(weights: SafetensorsFile, prefix: string): Record<string, Parameter> {
  const parameters: Record<string, Parameter> = {}
  for (const [name, tensor] of Object.entries(weights.tensors)) {
    if (name.startsWith(prefix)) {
      parameters[name.slice(prefix.length)] = { shape: tensor.shape, data: toFloat32(tensor) }
    }
  }
  return parameters
}

function toFloat32({ dtype, data }: SafetensorsTensor): Float32Array {
  return dtype === 'F16' ? Float32Array.from(data as Uint16Array, halfToFloat) : (data as Float32Array)
}
