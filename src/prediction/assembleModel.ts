// A model's two files from what is known of it: weights.safetensors, and the model.json that names them.
import { InputError } from '../base/errors.ts'
import type { ModelManifest } from '../network/model.ts'
import { writeSafetensors, type SafetensorsTensor } from '../network/safetensors.ts'
import { sha256 } from '../network/sha256.ts'
import { pipelineVersion, researchNotice } from './pipelineVersion.ts'

/** What a maker says of a model; the rest of model.json follows. */
export type ModelDescription = Pick<
  ModelManifest,
  'name' | 'version' | 'title' | 'remarks' | 'networks' | 'provenance'
>

export interface AssembledModel {
  readonly manifest: ModelManifest
  readonly weights: Uint8Array<ArrayBuffer>
}

/** @throws InputError for a name that files and folders cannot have. */
export function requireModelName(name: string): void {
  if (!/^[A-Za-z0-9][\w-]{0,63}$/.test(name))
    throw new InputError(
      `A model cannot be called “${name}”; up to 64 letters, digits, hyphens and underscores are expected, a letter or digit first.`,
    )
}

export async function assembleModel(
  { name, version, title, remarks, networks, provenance }: ModelDescription,
  tensors: Readonly<Record<string, SafetensorsTensor>>,
): Promise<AssembledModel> {
  const weights = new Uint8Array(writeSafetensors(tensors, { notice: researchNotice }))
  const manifest: ModelManifest = {
    schemaVersion: 1,
    ...{ pipelineVersion, name, version, title, remarks, axes: 'DHW, S+ A+ R+', networks },
    weights: { file: 'weights.safetensors', bytes: weights.length, sha256: await sha256(weights) },
    provenance,
  }
  return { manifest, weights }
}
