// The models that this browser keeps: a folder for each, named by its identity, with model.json, the weights and the card.
// model.json is written last: a folder without one is a model that was never finished, and counts for nothing.
import { InputError } from '../base/errors.ts'
import { modelIdentity, parseManifest, type ModelManifest } from '../network/model.ts'
import { readWeights } from '../prediction/weights.ts'
import type { ModelFiles } from '../prediction/loadModel.ts'
import { modelCard, renameCard } from '../report/modelCard.ts'
import type { ModelNames } from './modelProtocol.ts'
import type { FileFolder } from './opfs.ts'

const descriptionFile = 'model.json'
const weightsFile = 'weights.safetensors'
const cardFile = 'card.md'

export interface KeptModel {
  readonly identity: string
  readonly manifest: ModelManifest
}

export interface ModelPackage extends ModelFiles {
  readonly card?: string
}

/** A package that has been checked. */
export interface CheckedModel extends KeptModel {
  readonly weights: Uint8Array
  readonly card: string
}

export interface ModelLibrary {
  /** `problems`: sentences about models that cannot be used. */
  list(): Promise<{ models: readonly KeptModel[]; problems: readonly string[] }>
  /** A model that is here already stays as it is. @throws InputError when there is no room; nothing is kept then. */
  add(model: CheckedModel): Promise<KeptModel>
  /** @throws InputError when it is not here. */
  read(identity: string): Promise<ModelFiles & { weights: Uint8Array }>
  describe(identity: string): Promise<unknown>
  card(identity: string): Promise<string | undefined>
  /** @throws InputError when a name is empty, or there is no room for the renamed model. */
  rename(identity: string, names: ModelNames): Promise<KeptModel>
  /** Gives what it was, so that it can be added again. */
  remove(identity: string): Promise<CheckedModel>
}

/**
 * Checks description and weights, and writes a card where none came.
 * @throws InputError when they are damaged, of another schema version, or do not belong together.
 */
export async function checkModel(
  { manifest: described, weights, card }: ModelPackage,
  figures: readonly string[] = [],
): Promise<CheckedModel> {
  const manifest = parseManifest(described)
  await readWeights(manifest, weights)
  const identity = await modelIdentity(manifest, weights)
  return { manifest, weights, identity, card: card ?? modelCard(manifest, identity, figures) }
}

/** The same model under other names: another identity, the former ones are remembered. */
export function renameManifest(
  manifest: ModelManifest,
  identity: string,
  { name, title, version }: ModelNames,
): ModelManifest {
  const formerly = [...formerIdentities(manifest), identity]
  return { ...manifest, name, title, version, provenance: { ...manifest.provenance, formerly } }
}

/** Identities that a model had under other names, oldest first. */
export function formerIdentities({ provenance: { formerly } }: ModelManifest): readonly string[] {
  return Array.isArray(formerly) ? formerly.filter(one => typeof one === 'string') : []
}

function requireNames({ name, title, version }: ModelNames): void {
  if (!/^[\w][\w.-]{0,63}$/.test(name))
    throw new InputError(
      `The name “${name}” cannot be taken: 1 to 64 letters, digits, dots, hyphens or underscores are expected, beginning with a letter or digit, because files are named by it.`,
    )
  if (!title.trim() || title.length > 120)
    throw new InputError('A title of 1 to 120 characters is expected: it stands wherever the model is shown.')
  if (!/^[\w][\w.+-]{0,31}$/.test(version))
    throw new InputError(`The version “${version}” cannot be taken: something like 1.0.0 is expected.`)
}

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

function missing(identity: string): InputError {
  return new InputError(
    `The model ${identity.slice(0, 12)}… is not among those that this browser keeps: it was deleted, or this is another browser. Open its files again, or choose another model.`,
  )
}

export function modelLibrary(folder: FileFolder): ModelLibrary {
  async function describe(identity: string): Promise<unknown> {
    const bytes = await folder.folder(identity).read(descriptionFile)
    if (!bytes) throw missing(identity)
    try {
      return JSON.parse(decode(bytes))
    } catch (error) {
      throw new InputError(
        `The kept model ${identity.slice(0, 12)}… has a damaged description. Delete it, and add its files again.`,
        String(error),
      )
    }
  }

  async function read(identity: string) {
    const manifest = await describe(identity)
    const weights = await folder.folder(identity).read(weightsFile)
    if (!weights) throw missing(identity)
    return { manifest, weights }
  }

  async function card(identity: string): Promise<string | undefined> {
    const bytes = await folder.folder(identity).read(cardFile)
    return bytes && decode(bytes)
  }

  async function add({ manifest, weights, identity, card }: CheckedModel): Promise<KeptModel> {
    const place = folder.folder(identity)
    if (await place.read(descriptionFile)) return { identity, manifest }
    try {
      await place.write(weightsFile, weights)
      await place.write(cardFile, encode(card))
      await place.write(descriptionFile, encode(`${JSON.stringify(manifest, null, 2)}\n`))
    } catch (error) {
      await folder.remove(identity)
      throw error
    }
    return { identity, manifest }
  }

  async function remove(identity: string): Promise<CheckedModel> {
    const { manifest, weights } = await read(identity)
    const text = (await card(identity)) ?? ''
    await folder.remove(identity)
    return { manifest: manifest as ModelManifest, weights, identity, card: text }
  }

  return {
    ...{ add, read, describe, card, remove },

    async list() {
      const models: KeptModel[] = []
      const problems: string[] = []
      for (const { name: identity, kind } of await folder.list()) {
        if (kind !== 'folder' || !(await folder.folder(identity).read(descriptionFile))) continue
        try {
          models.push({ identity, manifest: parseManifest(await describe(identity)) })
        } catch (error) {
          if (!(error instanceof InputError)) throw error
          problems.push(error.message)
        }
      }
      return { models, problems }
    },

    async rename(identity, names) {
      requireNames(names)
      const { manifest: described, weights } = await read(identity)
      const before = parseManifest(described)
      const isSame = (['name', 'title', 'version'] as const).every(field => before[field] === names[field])
      if (isSame) return { identity, manifest: before }
      const manifest = renameManifest(before, identity, names)
      const renamed = await modelIdentity(manifest, weights)
      const text = renameCard((await card(identity)) ?? modelCard(manifest, renamed), manifest, renamed)
      const kept = await add({ manifest, weights, identity: renamed, card: text })
      await folder.remove(identity)
      return kept
    },
  }
}
