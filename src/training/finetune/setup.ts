// What the updates of a run are opened with, however they are made, and what they are to whoever runs them.
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import type { Updates } from '../run/performRun.ts'
import type { FinetuneFigures, FinetuneMessage } from './figures.ts'
import type { FollowedPlace } from './followed.ts'
import type { SharedPlaces } from './forward.ts'
import type { HeldOutline } from './heldOutlines.ts'
import type { Part } from './parts.ts'
import type { FinetuneSettings } from './settings.ts'
import type { StartValues } from './trained.ts'

export interface FinetuneSetup {
  readonly settings: FinetuneSettings
  readonly crops: CropSet
  readonly parts: readonly Part[]
  readonly shapes: ParameterShapes
  readonly start: StartValues
  /** Whether the start model has an answer for this task and these classes: it is judged beside the new one. */
  readonly judgesStart: boolean
  /** Where the model's word is told after every epoch, beside held-out cases; it changes nothing that is computed. */
  readonly followed: FollowedPlace | undefined
  readonly places: SharedPlaces
  readonly onNotice: (notice: string) => void
  readonly onMessage: (message: FinetuneMessage) => void
  /** Of a segmentation: what the model of a fold outlined of its held-out cases. */
  readonly onOutlines: (fold: number, outlines: readonly HeldOutline[]) => Promise<void>
  /** What the run goes on from; undefined at its beginning. */
  readonly saved:
    { readonly step: number; readonly groups: Readonly<Record<string, ParameterValues>> } | undefined
}

export interface FinetuneUpdates extends Updates<FinetuneFigures> {
  readonly label: string
  readonly notices: readonly string[]
  release(): Promise<void>
}
