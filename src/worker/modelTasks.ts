// The model library as a worker serves it: what is installed and what this browser keeps, adding, renaming, deleting, packing.
import { InputError } from '../base/errors.ts'
import { networkTasks, parseManifest, type ModelManifest } from '../network/model.ts'
import { parentOf } from '../report/modelCard.ts'
import { fetchDescription, fetchIndex } from './fetchModel.ts'
import type { ModelSource } from './labProtocol.ts'
import { packModel, readModelFiles } from './modelFiles.ts'
import { checkModel, formerIdentities, modelLibrary, type CheckedModel } from './modelLibrary.ts'
import type { ModelEntry, ModelTasks } from './modelProtocol.ts'
import { keptModels, readCard, readModel } from './modelSource.ts'
import { memoryFolder } from './opfs.ts'
import { toScanFile } from './scanFile.ts'
import type { Handlers } from './serveTasks.ts'

/** Where the browser keeps nothing, models live here until the page is closed. */
const inMemory = modelLibrary(memoryFolder())
let deleted: CheckedModel | undefined

async function openLibrary() {
  const kept = await keptModels()
  return { library: kept ?? inMemory, isKept: kept !== undefined }
}

/** One tab at a time changes the library. */
async function alone<Result>(work: () => Promise<Result>): Promise<Result> {
  if (!navigator.locks) return work()
  return (await navigator.locks.request('models', work)) as Result
}

type Place = Pick<ModelEntry, 'source' | 'origin' | 'identity' | 'isKept'>

function toEntry(manifest: ModelManifest, place: Place): ModelEntry {
  const { name, title, version, networks, weights } = manifest
  const has = networkTasks.flatMap(task => {
    const entry = networks[task]
    return entry ? [{ task, labels: entry.labels }] : []
  })
  return {
    ...{ name, title, version, networks: has, weightBytes: weights.bytes },
    ...{ parent: parentOf(manifest) ?? null, formerly: formerIdentities(manifest) },
    ...place,
  }
}

/** A model of the library; where that is memory, its files go with the entry, since no other worker sees them. */
async function ownEntry(identity: string, manifest: ModelManifest): Promise<ModelEntry> {
  const { library, isKept } = await openLibrary()
  const own: ModelSource = { kind: 'own', identity }
  const source = isKept ? own : await inMemorySource(identity, library)
  return toEntry(manifest, { source, origin: 'own', identity, isKept })
}

async function inMemorySource(identity: string, library: typeof inMemory): Promise<ModelSource> {
  const { manifest, weights } = await library.read(identity)
  const card = new Blob([(await library.card(identity)) ?? ''])
  const blob = (part: BlobPart) => new Blob([part])
  return {
    kind: 'files',
    key: identity,
    manifest: blob(JSON.stringify(manifest)),
    weights: blob(weights as Uint8Array<ArrayBuffer>),
    card,
  }
}

async function listInstalled(baseUrl: string): Promise<ModelEntry[]> {
  const { models, identities } = await fetchIndex(baseUrl)
  const entries: ModelEntry[] = []
  for (const name of models) {
    const described = await fetchDescription(name, baseUrl)
    if (described === null) continue
    const source = { kind: 'installed', name, baseUrl } as const
    const identity = identities[name] ?? null
    entries.push(toEntry(parseManifest(described), { source, origin: 'shipped', identity, isKept: true }))
  }
  return entries
}

async function keep(model: CheckedModel): Promise<ModelEntry> {
  const { library } = await openLibrary()
  const { identity, manifest } = await alone(() => library.add(model))
  return ownEntry(identity, manifest)
}

const starting = (stage: string) => ({ stage, done: 0, total: 1 })

export const modelHandlers: Handlers<ModelTasks> = {
  async listModels({ baseUrl }) {
    const { library } = await openLibrary()
    const { models, problems } = await alone(() => library.list())
    const own = await Promise.all(models.map(({ identity, manifest }) => ownEntry(identity, manifest)))
    return { result: { models: [...(await listInstalled(baseUrl)), ...own], problems } }
  },

  async inspectModel({ files }, { report }) {
    report(starting('Checking the model'))
    const { manifest, identity, card } = await checkModel(await readModelFiles(files.map(toScanFile)))
    const { library, isKept } = await openLibrary()
    const { models } = await library.list()
    const isHere = models.some(one => one.identity === identity)
    const source: ModelSource = { kind: 'own', identity }
    return { result: { entry: toEntry(manifest, { source, origin: 'own', identity, isKept }), card, isHere } }
  },

  async addModel(input, { report }) {
    report(starting('Checking the model'))
    const checked =
      input.kind === 'files'
        ? await checkModel(await readModelFiles(input.files.map(toScanFile)))
        : await checkModel(input, input.figures)
    report(starting('Keeping the model'))
    return { result: await keep(checked) }
  },

  async renameModel({ identity, ...names }, { report }) {
    report(starting('Writing the model under its new name'))
    const { library } = await openLibrary()
    const renamed = await alone(() => library.rename(identity, names))
    return { result: await ownEntry(renamed.identity, renamed.manifest) }
  },

  async deleteModel({ identity }) {
    const { library } = await openLibrary()
    deleted = await alone(() => library.remove(identity))
    return { result: null }
  },

  async restoreModel({ identity }) {
    if (deleted?.identity !== identity)
      throw new InputError('This model was deleted too long ago to be brought back. Add its files again.')
    return { result: await keep(deleted) }
  },

  async readModelCard({ source }) {
    const card = await readCard(source)
    return { result: card ?? 'This model came without a card.' }
  },

  async packModel({ source }, { report }) {
    report(starting('Packing the model'))
    const files = await readModel(source)
    const { manifest, weights, card } = await checkModel({ ...files, card: await readCard(source) })
    const stem = `${manifest.name}-${manifest.version}`.replace(/[^\w.-]+/g, '-')
    const result = packModel({ manifest, weights, card }, stem)
    return { result, transfer: [result.bytes.buffer] }
  },
}
