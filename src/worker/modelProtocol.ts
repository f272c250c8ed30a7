// The model library's part of the protocol: models that this browser keeps, beside those of the installation.
import type { ModelManifest, NetworkTask } from '../network/model.ts'
import type { ModelParent } from '../report/modelCard.ts'
import type { ModelSource } from './labProtocol.ts'
import type { PickedFile, StageProgress } from './protocol.ts'

/** A model as it is listed. */
export interface ModelEntry {
  readonly source: ModelSource
  /** Part of the installation, or the user's own. */
  readonly origin: 'shipped' | 'own'
  readonly name: string
  readonly title: string
  readonly version: string
  /** SHA-256 of description and weights; null where an installation does not say it. */
  readonly identity: string | null
  readonly networks: readonly { readonly task: NetworkTask; readonly labels: readonly string[] }[]
  readonly parent: ModelParent | null
  /** Identities that it had under other names. */
  readonly formerly: readonly string[]
  readonly weightBytes: number
  /** False where this browser keeps no files for the page: the model is gone when the page is closed. */
  readonly isKept: boolean
}

/** A model that somebody offers, checked and not yet kept. */
export interface ModelOffer {
  readonly entry: ModelEntry
  readonly card: string
  readonly isHere: boolean
}

/** Where a model to be kept comes from. */
export type NewModel =
  /** model.json and weights, beside them card.md perhaps; or one zip with them. */
  | { readonly kind: 'files'; readonly files: readonly PickedFile[] }
  | {
      readonly kind: 'parts'
      readonly manifest: ModelManifest
      readonly weights: Uint8Array
      /** Markdown of the reports on it, which its card shows. */
      readonly figures?: readonly string[]
    }

export interface ModelNames {
  readonly name: string
  readonly title: string
  readonly version: string
}

export type ModelTasks = {
  listModels: {
    input: { baseUrl: string }
    progress: StageProgress
    /** `problems`: sentences about kept models that cannot be used. */
    result: { models: readonly ModelEntry[]; problems: readonly string[] }
  }
  inspectModel: { input: { files: readonly PickedFile[] }; progress: StageProgress; result: ModelOffer }
  addModel: { input: NewModel; progress: StageProgress; result: ModelEntry }
  renameModel: { input: { identity: string } & ModelNames; progress: StageProgress; result: ModelEntry }
  /** What was deleted last is held until the next deletion, so that it can be brought back. */
  deleteModel: { input: { identity: string }; progress: StageProgress; result: null }
  restoreModel: { input: { identity: string }; progress: StageProgress; result: ModelEntry }
  readModelCard: { input: { source: ModelSource }; progress: StageProgress; result: string }
  /** Weights, description and card as one zip. */
  packModel: {
    input: { source: ModelSource }
    progress: StageProgress
    result: { fileName: string; bytes: Uint8Array<ArrayBuffer> }
  }
}
