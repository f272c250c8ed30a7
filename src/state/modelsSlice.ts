// The models: those of the installation and the user's own, which one analyses, and adding, renaming, deleting, taking away.
import type { ModelSource } from '../worker/labProtocol.ts'
import type { ModelEntry, ModelNames, ModelOffer, ModelTasks, NewModel } from '../worker/modelProtocol.ts'
import type { PickedFile } from '../worker/protocol.ts'
import { sourceKey } from '../worker/sourceKey.ts'
import { toFailure, type Failure } from './failure.ts'
import { holdsModel } from './modelDrop.ts'
import type { Services, SliceOf } from './store.ts'

/** The folder of the shipped model. */
export const MODEL_NAME = 'demo'

/** A model that somebody gave, while it is being asked what to do with it. */
export type Offered =
  | { readonly kind: 'none' }
  | { readonly kind: 'checking'; readonly title: string }
  | { readonly kind: 'ready'; readonly offer: ModelOffer; readonly files: readonly PickedFile[] }
  | { readonly kind: 'adding'; readonly offer: ModelOffer }
  | { readonly kind: 'failed'; readonly title: string; readonly failure: Failure }

export type ModelWork =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly what: string }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface ModelsSlice {
  /** Null until they have been listed. */
  readonly models: readonly ModelEntry[] | null
  /** Sentences about kept models that cannot be used. */
  readonly modelProblems: readonly string[]
  readonly modelWork: ModelWork
  /** The model that analyses; the shipped one after each start of the page. */
  readonly chosenModel: ModelSource
  /** What was deleted last and can be brought back. */
  readonly deletedModel: ModelEntry | null
  readonly offered: Offered
  listModels(): Promise<void>
  useModel(source: ModelSource): Promise<void>
  backToShipped(): Promise<void>
  /** Asks about a model among files, when there is one; false when the files are something else. */
  offerModelFiles(files: readonly PickedFile[], title: string): Promise<boolean>
  acceptOffer(andUse: boolean): Promise<void>
  dismissOffer(): void
  /** Keeps a model that was made here; undefined, with `modelWork` failed, when it cannot be kept. */
  addModel(model: NewModel): Promise<ModelEntry | undefined>
  renameModel(model: ModelEntry, names: ModelNames): Promise<void>
  deleteModel(model: ModelEntry): Promise<void>
  restoreModel(): Promise<void>
  /** Hands a zip of weights, description and card to the reader. */
  packModel(model: ModelEntry): Promise<void>
  readModelCard(model: ModelEntry): Promise<string>
}

export const isSameModel = (a: ModelSource, b: ModelSource): boolean => sourceKey(a) === sourceKey(b)

/** The model of this identity among those that are listed, under its present name or a former one. */
export function modelOfIdentity(
  models: readonly ModelEntry[] | null,
  identity: string,
): ModelEntry | undefined {
  return (
    models?.find(one => one.identity === identity) ?? models?.find(one => one.formerly.includes(identity))
  )
}

type Api = Parameters<ReturnType<SliceOf<ModelsSlice>>>

/** One piece of work on the library at a time, its failure kept for the panel. */
function createWork(set: Api[0]) {
  return async <Result>(
    what: string,
    doing: string,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> => {
    set({ modelWork: { kind: 'running', what } })
    try {
      const result = await work()
      set({ modelWork: { kind: 'none' } })
      return result
    } catch (error) {
      const failure = toFailure(error, doing)
      set({ modelWork: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      return undefined
    }
  }
}

/** The questions about a model that somebody gave. */
function createOffering(
  services: Services,
  set: Api[0],
  get: Api[1],
): Pick<ModelsSlice, 'offered' | 'offerModelFiles' | 'acceptOffer' | 'dismissOffer'> {
  const run = (files: readonly PickedFile[]) => services.workers.models.run('inspectModel', { files })
  return {
    offered: { kind: 'none' },

    async offerModelFiles(files, title) {
      if (!(await holdsModel(files))) return false
      set({ offered: { kind: 'checking', title } })
      try {
        set({ offered: { kind: 'ready', offer: await run(files), files } })
      } catch (error) {
        const failure = toFailure(error, 'Reading this model')
        set({ offered: failure ? { kind: 'failed', title, failure } : { kind: 'none' } })
      }
      return true
    },

    async acceptOffer(andUse) {
      const { offered } = get()
      if (offered.kind !== 'ready') return
      const { offer, files } = offered
      set({ offered: { kind: 'adding', offer } })
      try {
        const entry = await services.workers.models.run('addModel', { kind: 'files', files })
        set({ offered: { kind: 'none' } })
        await get().listModels()
        if (andUse) await get().useModel(entry.source)
      } catch (error) {
        const failure = toFailure(error, 'Keeping this model')
        set({ offered: { kind: 'failed', title: offer.entry.title, failure: failure! } })
      }
    },

    dismissOffer: () => set({ offered: { kind: 'none' } }),
  }
}

export const createModelsSlice: SliceOf<ModelsSlice> = services => (set, get) => {
  const shipped: ModelSource = { kind: 'installed', name: MODEL_NAME, baseUrl: services.baseUrl }
  const work = createWork(set)
  const run: <Name extends keyof ModelTasks>(
    task: Name,
    input: ModelTasks[Name]['input'],
  ) => Promise<ModelTasks[Name]['result']> = (task, input) => services.workers.models.run(task, input)

  /** After a model has got another name or is gone, whoever used it uses what took its place. */
  async function replaceModel({ source }: ModelEntry, after: ModelSource | null): Promise<void> {
    const { chosenModel, finetuneStart, labSource } = get()
    if (isSameModel(chosenModel, source)) await get().useModel(after ?? shipped)
    if (finetuneStart === sourceKey(source)) get().chooseFinetuneStart(sourceKey(after ?? shipped))
    if (isSameModel(labSource, source)) get().replaceLabModel(after)
  }

  return {
    models: null,
    modelProblems: [],
    modelWork: { kind: 'none' },
    chosenModel: shipped,
    deletedModel: null,
    ...createOffering(services, set, get),

    async listModels() {
      const listed = await work('Listing the models', 'Listing the models', () =>
        run('listModels', { baseUrl: services.baseUrl }),
      )
      if (listed) set({ models: listed.models, modelProblems: listed.problems })
    },

    async useModel(chosenModel) {
      get().cancelPrediction()
      set({ chosenModel })
      await get().askDevice()
    },
    backToShipped: () => get().useModel(shipped),

    async addModel(model) {
      const entry = await work('Keeping the model', 'Keeping the model', () => run('addModel', model))
      if (entry) await get().listModels()
      return entry
    },

    async renameModel(model, names) {
      const { identity } = model
      if (identity === null) return
      const renamed = await work('Renaming the model', 'Renaming the model', () =>
        run('renameModel', { identity, ...names }),
      )
      if (!renamed) return
      await get().listModels()
      await replaceModel(model, renamed.source)
    },

    async deleteModel(model) {
      const { identity } = model
      if (identity === null) return
      const done = await work('Deleting the model', 'Deleting the model', async () => {
        await run('deleteModel', { identity })
        return true
      })
      if (!done) return
      set({ deletedModel: model })
      await get().listModels()
      await replaceModel(model, null)
    },

    async restoreModel() {
      const { deletedModel } = get()
      const identity = deletedModel?.identity
      if (!identity) return
      const entry = await work('Bringing the model back', 'Bringing the model back', () =>
        run('restoreModel', { identity }),
      )
      if (!entry) return
      set({ deletedModel: null })
      await get().listModels()
    },

    async packModel({ source }) {
      const packed = await work('Packing the model', 'Packing the model', () => run('packModel', { source }))
      if (packed) services.saveFile(packed.fileName, new Blob([packed.bytes], { type: 'application/zip' }))
    },

    readModelCard: ({ source }) => run('readModelCard', { source }),
  }
}
