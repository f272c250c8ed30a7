// The app's own model files, over GETs without a body to its own origin.
import { InputError } from '../base/errors.ts'
import type { ModelFiles } from '../prediction/loadModel.ts'

/** Null where the file does not exist. */
async function fetchOwnFile(url: string): Promise<Response | null> {
  const response = await fetch(url)
  // A development server answers a missing file with its start page.
  const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false
  return response.ok && !isPage ? response : null
}

const folderOf = (name: string, baseUrl: string) => new URL(`models/${name}/`, baseUrl)

/** A model's model.json, not yet checked; null where it is not installed. @throws InputError when it is no JSON. */
export async function fetchDescription(name: string, baseUrl: string): Promise<unknown> {
  const file = await fetchOwnFile(new URL('model.json', folderOf(name, baseUrl)).href)
  return (
    file &&
    file.json().catch((error: unknown) => {
      throw new InputError(
        `The description of the model “${name}” is damaged: public/models/${name}/model.json is no JSON. Install the workbench again.`,
        String(error),
      )
    })
  )
}

/** @throws InputError when the model is not installed. */
export async function fetchModel(name: string, baseUrl: string): Promise<ModelFiles> {
  const manifest = await fetchDescription(name, baseUrl)
  const { weights } = (manifest ?? {}) as { weights?: { file?: string } }
  const weightsFile = await fetchOwnFile(
    new URL(weights?.file ?? 'weights.safetensors', folderOf(name, baseUrl)).href,
  )
  if (!manifest || !weightsFile)
    throw new InputError(
      `The model “${name}” is not part of this installation: public/models/${name} lacks its model.json or weights. Install the workbench again, or train a model.`,
    )
  return { manifest, weights: new Uint8Array(await weightsFile.arrayBuffer()) }
}

/** card.md of an installed model. */
export async function fetchCard(name: string, baseUrl: string): Promise<string | undefined> {
  return (await fetchOwnFile(new URL('card.md', folderOf(name, baseUrl)).href))?.text()
}

/** Which models are installed, and what their identities are; an installation without an index has the shipped one. */
export async function fetchIndex(
  baseUrl: string,
): Promise<{ models: readonly string[]; identities: Readonly<Record<string, string>> }> {
  const file = await fetchOwnFile(new URL('models/index.json', baseUrl).href)
  const index = (await file?.json().catch(() => undefined)) as
    { models?: readonly unknown[]; identities?: Record<string, string> } | undefined
  return { models: (index?.models ?? ['demo']).map(String), identities: index?.identities ?? {} }
}
