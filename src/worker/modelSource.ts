// The files of a model from wherever it is: the installation, this browser's library, or files that somebody picked.
import { InputError } from '../base/errors.ts'
import type { ModelFiles } from '../prediction/loadModel.ts'
import { fetchCard, fetchDescription, fetchModel } from './fetchModel.ts'
import type { ModelSource } from './labProtocol.ts'
import { modelLibrary } from './modelLibrary.ts'
import { openKeptFolder } from './runs/fileStore.ts'

/** The library in this browser's files or its database; undefined where it keeps nothing for this page. */
export async function keptModels() {
  const kept = await openKeptFolder().catch(() => undefined)
  return kept && modelLibrary(kept.folder.folder('models'))
}

async function openLibrary() {
  const library = await keptModels()
  if (library) return library
  throw new InputError(
    'This browser does not let the page keep files, so that it has no models of its own here. Open the model’s files again.',
  )
}

async function parseDescription(manifest: Blob): Promise<unknown> {
  const text = await manifest.text()
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InputError(
      'The model description that was chosen is no JSON. Choose the model.json and the .safetensors file of one model together.',
      String(error),
    )
  }
}

/** @throws InputError when the model is not there, or its description is no JSON. */
export async function readModel(source: ModelSource): Promise<ModelFiles> {
  if (source.kind === 'installed') return fetchModel(source.name, source.baseUrl)
  if (source.kind === 'own') return (await openLibrary()).read(source.identity)
  const manifest = await parseDescription(source.manifest)
  return { manifest, weights: new Uint8Array(await source.weights.arrayBuffer()) }
}

/** model.json, not yet checked; null where an installed model is not there. */
export async function readDescription(source: ModelSource): Promise<unknown> {
  if (source.kind === 'installed') return fetchDescription(source.name, source.baseUrl)
  if (source.kind === 'own') return (await openLibrary()).describe(source.identity)
  return parseDescription(source.manifest)
}

/** card.md; undefined where the model has none. */
export async function readCard(source: ModelSource): Promise<string | undefined> {
  if (source.kind === 'installed') return fetchCard(source.name, source.baseUrl)
  return source.kind === 'own' ? (await openLibrary()).card(source.identity) : source.card?.text()
}
