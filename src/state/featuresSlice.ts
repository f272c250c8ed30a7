// Features without labels: clusters of the tokens of one or several scans, their map, and what of them is painted over the open
// scan.
import { tableHead, tokensCsv } from '../insight/labTables.ts'
import type { CropPainting } from '../insight/painting.ts'
import { cropOver, tokenSide } from '../insight/tokenGrid.ts'
import type { ClusteredScan, ClusterResult, EncoderChoice } from '../worker/insightProtocol.ts'
import { toFailure } from './failure.ts'
import { openOrigin } from './featureScansSlice.ts'
import { gatherTokens, labelSourceOf, openPart } from './gatherTokens.ts'
import { defaultEncoder } from './headsSlice.ts'
import type { Job } from './job.ts'
import type { Services, SliceOf, Workbench } from './store.ts'
import { timeReports } from './timeLeft.ts'
import { gridOf } from './windowsSlice.ts'

export type FeaturesState = Job<{
  /** Tells two results apart; the arrays are in `held.insight.clusters`. */
  readonly serial: number
  /** Names of the scans that took part, the open one first: on screen only. */
  readonly titles: readonly string[]
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

export type TokenColour = 'cluster' | 'label' | 'scan'

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

/** Classes (0 is none) of the open scan's tokens that are to be painted. `brushed` are rows of all scans. */
export function tokenClasses(
  { clusters, labels, scans }: Pick<ClusterResult, 'clusters' | 'labels' | 'scans'>,
  colour: TokenColour,
  brushed: Int32Array | null,
): Uint8Array {
  const classOf = (token: number) => {
    // The open scan is the first: its colour shows which part of it was read.
    if (colour === 'scan') return 1
    if (colour !== 'label' || !labels) return clusters[token] + 1
    // Label 0 is what lies outside of everything: painted as nothing.
    return labels.ofTokens[token] === 255 ? 0 : labels.ofTokens[token]
  }
  const classes = new Uint8Array(scans[0].tokens)
  if (brushed) for (const token of brushed) if (token < classes.length) classes[token] = classOf(token)
  if (!brushed) classes.forEach((_, token) => (classes[token] = classOf(token)))
  return classes
}

function paintingOf(result: ClusterResult, colour: TokenColour, brushed: Int32Array | null): CropPainting {
  const { scans, request } = result
  const [{ grid }] = scans
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
  scans,
}: ClusterResult): string[] {
  const { stage, part, k, seed } = request
  return [
    `Features of ${encoder.task} network (${encoder.role}), model ${identity ?? 'none, untrained'}: stage ${stage + 1}, ${width} channels, ${part ? 'part of the scan' : 'whole scan'}`,
    `k-means with ${k} clusters (k-means++, seed ${seed}); map by UMAP; computed on ${device}`,
    `Labels: ${labels?.source ?? 'none'}`,
    ...(scans.length > 1 ? scans.map(describeScan) : []),
  ]
}

function describeScan({ tokens, synthetic }: ClusteredScan, index: number): string {
  const what = `Scan ${index + 1}${index === 0 ? ', the open one' : ''}`
  return `${what}: ${tokens} tokens${synthetic ? ', synthetic, no patient' : ''}`
}

/** Above a file: whether all of its scans are synthetic. */
const isAllSynthetic = ({ scans }: ClusterResult) => scans.every(({ synthetic }) => synthetic)

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
      const { openCase, featureSettings } = get()
      const encoder = featureSettings.encoder ?? defaultEncoder(get())
      const scan = openCase && held.scan(openCase.id)
      if (!openCase || !scan || !encoder) return
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = timeReports(progress => set({ features: { kind: 'running', progress } }))
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      get().setPainter('clusters')
      const { volume } = scan.series
      const { stage, k, seed } = featureSettings
      const request = { part: openPart(get(), encoder), stage, k, seed, mapTokens }
      const labels = labelSourceOf(openOrigin(get()))
      try {
        const wish = { encoder, signal, onProgress }
        const { tokens: scans, titles } = await gatherTokens(services, get(), volume, wish)
        const input = { encoder, volume, openCaseId: openCase.id, labels, scans, request }
        held.insight.clusters = await workers.compute.run('clusterTokens', input, { signal, onProgress })
        const { tokenColour } = get()
        const isAlone = titles.length === 1 && tokenColour === 'scan'
        set({
          features: { kind: 'done', serial: ++serial, titles },
          brushed: null,
          tokenColour: isAlone ? 'cluster' : tokenColour,
        })
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
      const input = {
        values,
        tokens: result.scans[0].grid,
        scan: gridOf(volume),
        fileGrid,
        description,
        slope: 1,
      }
      const bytes = await workers.compute.run('writeTokenMap', input)
      services.saveFile('clusters.nii.gz', new Blob([bytes], { type: 'application/gzip' }))
    },

    saveFeatureTable() {
      const result = held.insight.clusters
      if (!result) return
      const head = tableHead(isAllSynthetic(result), describeClusters(result))
      services.saveFile('tokens.csv', new Blob([tokensCsv(head, result)], { type: 'text/csv' }))
    },
  }
}
