// Features without labels: clusters of a scan's tokens, their map, and what of them is painted over the scan.
import type { LabCrop } from '../insight/labCrop.ts'
import { tableHead, tokensCsv } from '../insight/labTables.ts'
import type { PhantomOrigin } from '../insight/organLabels.ts'
import type { CropPainting } from '../insight/painting.ts'
import { cropOver, tokenSide } from '../insight/tokenGrid.ts'
import type {
  ClusterRequest,
  ClusterResult,
  EncoderChoice,
  EncoderSummary,
} from '../worker/insightProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { DEMO_CASES } from './demoCases.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import { defaultEncoder } from './headsSlice.ts'
import type { Services, SliceOf, Workbench } from './store.ts'
import { gridOf } from './windowsSlice.ts'

export type FeaturesState = Job<{
  /** Tells two results apart; the arrays are in `held.insight.clusters`. */
  readonly serial: number
}>

export interface FeatureSettings {
  /** Null: the network and role that the lab looks into. */
  readonly encoder: EncoderChoice | null
  /** 0-based. */
  readonly stage: 2 | 3
  /** Crops side by side around the lab's region, or the whole scan. */
  readonly place: 'region' | 'scan'
  readonly k: number
  readonly seed: number
}

export type TokenColour = 'cluster' | 'label'

export interface FeaturesSlice {
  readonly features: FeaturesState
  readonly featureSettings: FeatureSettings
  readonly tokenColour: TokenColour
  /** Tokens that are painted alone, in rising order; null paints all. */
  readonly brushed: Int32Array | null
  changeFeatures(change: Partial<FeatureSettings>): void
  clusterFeatures(): Promise<void>
  cancelFeatures(): void
  setTokenColour(colour: TokenColour): void
  brushTokens(tokens: Int32Array | null): void
  /** Clusters or labels of the brushed tokens (or all) over the scan. */
  paintClusters(): void
  saveClusterMap(): Promise<void>
  saveFeatureTable(): void
}

/** Tokens of the map: more take minutes, fewer say little. */
const mapTokens = 1500

/** The phantom that a demo case was made of; undefined for every other scan. */
function originOf({ openCase }: Workbench): PhantomOrigin | undefined {
  return DEMO_CASES.find(({ id }) => id === openCase?.demoId)
}

function requestOf(state: Workbench, caseId: string, { task }: EncoderChoice): ClusterRequest {
  const { featureSettings, labCrop, encoders } = state
  const { stage, k, seed, place } = featureSettings
  const summary = encoders?.find(one => one.task === task)
  const part = place === 'region' && labCrop && summary ? partAround(labCrop, summary) : null
  const origin = originOf(state)
  const labels = origin
    ? { kind: 'phantom' as const, origin: { seed: origin.seed, spacingMm: origin.spacingMm } }
    : { kind: 'lungs' as const }
  return { caseId, part, stage, k, seed, mapTokens, labels }
}

/** Crops along each side of the part that is read around the region. */
export const cropsAround = 3

function partAround({ centreRasMm }: LabCrop, { shape, spacingMm }: EncoderSummary): LabCrop {
  const [d, h, w] = shape
  return { centreRasMm, shape: [d * cropsAround, h * cropsAround, w * cropsAround], spacingMm }
}

/** Classes (0 is none) of the tokens that are to be painted. */
export function tokenClasses(
  { clusters, labels }: Pick<ClusterResult, 'clusters' | 'labels'>,
  colour: TokenColour,
  brushed: Int32Array | null,
): Uint8Array {
  const classOf = (token: number) => {
    if (colour === 'cluster' || !labels) return clusters[token] + 1
    // Label 0 is what lies outside of everything: painted as nothing.
    return labels.ofTokens[token] === 255 ? 0 : labels.ofTokens[token]
  }
  const classes = new Uint8Array(clusters.length)
  if (brushed) brushed.forEach(token => (classes[token] = classOf(token)))
  else classes.forEach((_, token) => (classes[token] = classOf(token)))
  return classes
}

function paintingOf(result: ClusterResult, colour: TokenColour, brushed: Int32Array | null): CropPainting {
  const { grid, request } = result
  const labels = tokenClasses(result, colour, brushed)
  return { crop: cropOver(grid, tokenSide(request.stage)), classes: { shape: grid.shape, labels } }
}

/** Sentences for exports: whose features, and how they were clustered. */
export function describeClusters({
  encoder,
  request,
  width,
  identity,
  device,
  labels,
}: ClusterResult): string[] {
  const { stage, part, k, seed } = request
  return [
    `Features of ${encoder.task} network (${encoder.role}), model ${identity ?? 'none, untrained'}: stage ${stage + 1}, ${width} channels, ${part ? 'part of the scan' : 'whole scan'}`,
    `k-means with ${k} clusters (k-means++, seed ${seed}); map by UMAP; computed on ${device}`,
    `Labels: ${labels?.source ?? 'none'}`,
  ]
}

export const createFeaturesSlice: SliceOf<FeaturesSlice> = services => (set, get) => {
  const { held, workers } = services
  let controller = new AbortController()
  let serial = 0

  return {
    features: { kind: 'none' },
    featureSettings: { encoder: null, stage: 2, place: 'scan', k: 6, seed: 1 },
    tokenColour: 'cluster',
    brushed: null,

    changeFeatures: change => set({ featureSettings: { ...get().featureSettings, ...change } }),

    async clusterFeatures() {
      const { openCase, labSource: source, featureSettings } = get()
      const encoder = featureSettings.encoder ?? defaultEncoder(get())
      const scan = openCase && held.scan(openCase.id)
      if (!openCase || !scan || !encoder) return
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ features: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      get().setPainter('clusters')
      try {
        const request = requestOf(get(), openCase.id, encoder)
        const input = { source, encoder, volume: scan.series.volume, request }
        held.insight.clusters = await workers.compute.run('clusterTokens', input, { signal, onProgress })
        set({ features: { kind: 'done', serial: ++serial }, brushed: null })
        get().paintClusters()
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Clustering the features')
        set({ features: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelFeatures() {
      controller.abort()
      held.insight.clusters = undefined
      set({ features: { kind: 'none' }, brushed: null })
    },

    setTokenColour(tokenColour) {
      set({ tokenColour })
      get().setPainter('clusters')
    },

    brushTokens(brushed) {
      set({ brushed })
      get().setPainter('clusters')
    },

    paintClusters() {
      const result = held.insight.clusters
      if (result) get().paint('clusters', paintingOf(result, get().tokenColour, get().brushed))
    },
    ...createFiles(services, get),
  }
}

type Files = Pick<FeaturesSlice, 'saveClusterMap' | 'saveFeatureTable'>

function createFiles(services: Services, get: () => Workbench): Files {
  const { held, workers } = services
  return {
    async saveClusterMap() {
      const { openCase } = get()
      const scan = openCase && held.scan(openCase.id)
      const result = held.insight.clusters
      if (!scan || !result) return
      const { volume, fileGrid, synthetic } = scan.series
      const description = `token clusters; research use, not for clinical use${synthetic ? ', synthetic' : ''}`
      const values = tokenClasses(result, 'cluster', null)
      const input = { values, tokens: result.grid, scan: gridOf(volume), fileGrid, description, slope: 1 }
      const bytes = await workers.compute.run('writeTokenMap', input)
      services.saveFile('clusters.nii.gz', new Blob([bytes], { type: 'application/gzip' }))
    },

    saveFeatureTable() {
      const result = held.insight.clusters
      if (!result) return
      const head = tableHead(get().openCase?.series.synthetic ?? false, describeClusters(result))
      services.saveFile('tokens.csv', new Blob([tokensCsv(head, result)], { type: 'text/csv' }))
    },
  }
}
