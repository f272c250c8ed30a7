// A model's files from public/models/<name>, or from any folder with a model.json.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '../../src/base/errors.ts'
import { parseManifest } from '../../src/network/model.ts'
import type { ModelFiles } from '../../src/prediction/loadModel.ts'

const modelsFolder = fileURLToPath(new URL('../../public/models/', import.meta.url))

/** Folder of a model: a path where the name holds a slash, else one of public/models. */
export function modelFolder(name: string): string {
  return /[\\/]/.test(name) ? path.resolve(name) : path.join(modelsFolder, name)
}

/** @throws InputError when the model is not there or its description is damaged. */
export async function readModelFiles(name: string): Promise<ModelFiles> {
  const folder = modelFolder(name)
  try {
    const manifest: unknown = JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8'))
    const { weights } = parseManifest(manifest)
    return { manifest, weights: new Uint8Array(await readFile(path.join(folder, weights.file))) }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `The model '${name}' cannot be read: a folder public/models/${name}, or a path, with model.json and its weights is expected; train one with npm run train, or check the name.`,
      String(error),
    )
  }
}
