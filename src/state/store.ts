// The one store: slices in one place, no voxels, no React. Built once in main.tsx with the services it may use.
import { createStore } from 'zustand/vanilla'
import type { StateCreator, StoreApi } from 'zustand/vanilla'
import type { HeldArrays } from '../worker/heldArrays.ts'
import type { Workers } from '../worker/workers.ts'
import { createAttentionSlice } from './attentionSlice.ts'
import type { AttentionSlice } from './attentionSlice.ts'
import { createCaseSlice } from './caseSlice.ts'
import type { CaseSlice } from './caseSlice.ts'
import { createEncoderSlice } from './encoderSlice.ts'
import type { EncoderSlice } from './encoderSlice.ts'
import { createExportSlice } from './exportSlice.ts'
import type { ExportSlice } from './exportSlice.ts'
import { createFeatureScansSlice } from './featureScansSlice.ts'
import type { FeatureScansSlice } from './featureScansSlice.ts'
import { createFeaturesSlice } from './featuresSlice.ts'
import type { FeaturesSlice } from './featuresSlice.ts'
import { createFewShotSlice } from './fewShotSlice.ts'
import type { FewShotSlice } from './fewShotSlice.ts'
import { createFollowSlice } from './followSlice.ts'
import type { FollowSlice } from './followSlice.ts'
import { createFinetuneResultSlice } from './finetuneResultSlice.ts'
import type { FinetuneResultSlice } from './finetuneResultSlice.ts'
import { createFinetuneSlice } from './finetuneSlice.ts'
import type { FinetuneSlice } from './finetuneSlice.ts'
import { createHeadsSlice } from './headsSlice.ts'
import type { HeadsSlice } from './headsSlice.ts'
import { createLabExportSlice } from './labExportSlice.ts'
import type { LabExportSlice } from './labExportSlice.ts'
import { createLabelledSlice } from './labelledSlice.ts'
import type { LabelledSlice } from './labelledSlice.ts'
import { createLabSlice } from './labSlice.ts'
import type { LabSlice } from './labSlice.ts'
import { createLabViewSlice } from './labViewSlice.ts'
import type { LabViewSlice } from './labViewSlice.ts'
import { createLiveRunSlice } from './liveRunSlice.ts'
import type { LiveRunSlice } from './liveRunSlice.ts'
import { createMaskSlice } from './maskSlice.ts'
import type { MaskSlice } from './maskSlice.ts'
import { createModelExportSlice } from './modelExportSlice.ts'
import type { ModelExportSlice } from './modelExportSlice.ts'
import { createModelsSlice } from './modelsSlice.ts'
import type { ModelsSlice } from './modelsSlice.ts'
import { createPredictionSlice } from './predictionSlice.ts'
import type { PredictionSlice } from './predictionSlice.ts'
import { createPretrainResultSlice } from './pretrainResultSlice.ts'
import type { PretrainResultSlice } from './pretrainResultSlice.ts'
import { createPretrainSlice } from './pretrainSlice.ts'
import type { PretrainSlice } from './pretrainSlice.ts'
import { createReviewSlice } from './reviewSlice.ts'
import type { ReviewSlice } from './reviewSlice.ts'
import { createRunsSlice } from './runsSlice.ts'
import type { RunsSlice } from './runsSlice.ts'
import { createSelfTestSlice } from './selfTestSlice.ts'
import type { SelfTestSlice } from './selfTestSlice.ts'
import { createTourSlice } from './tourSlice.ts'
import type { TourSlice } from './tourSlice.ts'
import { createViewSlice } from './viewSlice.ts'
import type { ViewSlice } from './viewSlice.ts'
import { createWindowsSlice } from './windowsSlice.ts'
import type { WindowsSlice } from './windowsSlice.ts'
import { createWorstCaseSlice } from './worstCaseSlice.ts'
import type { WorstCaseSlice } from './worstCaseSlice.ts'

export type Workbench = CaseSlice &
  ViewSlice &
  PredictionSlice &
  ReviewSlice &
  ExportSlice &
  ModelExportSlice &
  ModelsSlice &
  SelfTestSlice &
  LabSlice &
  FollowSlice &
  AttentionSlice &
  EncoderSlice &
  WindowsSlice &
  HeadsSlice &
  FeaturesSlice &
  FeatureScansSlice &
  MaskSlice &
  LabExportSlice &
  LabViewSlice &
  TourSlice &
  RunsSlice &
  LiveRunSlice &
  PretrainSlice &
  PretrainResultSlice &
  LabelledSlice &
  FinetuneSlice &
  FinetuneResultSlice &
  WorstCaseSlice &
  FewShotSlice
export type WorkbenchStore = StoreApi<Workbench>

export interface Services {
  readonly workers: Workers
  readonly held: HeldArrays
  /** Where the app's own files lie. */
  readonly baseUrl: string
  /** How many voxels the 3-D view may have on this machine: the forecast of its graphics memory. */
  previewVoxels(): number
  fetchFile(path: string): Promise<Blob>
  saveFile(name: string, content: Blob): void
}

export type SliceOf<Slice> = (services: Services) => StateCreator<Workbench, [], [], Slice>

export function createWorkbench(services: Services): WorkbenchStore {
  return createStore<Workbench>()((...api) => ({
    ...createCaseSlice(services)(...api),
    ...createViewSlice(services)(...api),
    ...createPredictionSlice(services)(...api),
    ...createReviewSlice(services)(...api),
    ...createExportSlice(services)(...api),
    ...createModelExportSlice(services)(...api),
    ...createModelsSlice(services)(...api),
    ...createSelfTestSlice(services)(...api),
    ...createLabSlice(services)(...api),
    ...createFollowSlice(services)(...api),
    ...createAttentionSlice(services)(...api),
    ...createEncoderSlice(services)(...api),
    ...createWindowsSlice(services)(...api),
    ...createHeadsSlice(services)(...api),
    ...createFeaturesSlice(services)(...api),
    ...createFeatureScansSlice(services)(...api),
    ...createMaskSlice(services)(...api),
    ...createLabExportSlice(services)(...api),
    ...createLabViewSlice(services)(...api),
    ...createTourSlice(services)(...api),
    ...createRunsSlice(services)(...api),
    ...createLiveRunSlice(services)(...api),
    ...createPretrainSlice(services)(...api),
    ...createPretrainResultSlice(services)(...api),
    ...createLabelledSlice(services)(...api),
    ...createFinetuneSlice(services)(...api),
    ...createFinetuneResultSlice(services)(...api),
    ...createWorstCaseSlice(services)(...api),
    ...createFewShotSlice(services)(...api),
  }))
}
