// Token features in the compute worker: read of one scan after another, then clustered together, mapped to two dimensions and
// held against labels. The page keeps what was read, so that this worker may end and nothing is lost.
import { InputError } from '../base/errors.ts'
import { embed, takeRows } from '../insight/embedding.ts'
import { agreement, groupFigures } from '../insight/groupFigures.ts'
import { countRows, kMeans, type Rows } from '../insight/kMeans.ts'
import { requireEntry, type LabModel } from '../insight/labModel.ts'
import { labelsOfTokens, lungLabels, phantomLabels, type LabelMap } from '../insight/organLabels.ts'
import { chooseEvenly, poolLabels, poolRows, scansOfRows } from '../insight/pooledTokens.ts'
import { featureProgram, scanFeatures, type ScanFeatures } from '../insight/tokenFeatures.ts'
import { paintTokens } from '../insight/tokenGrid.ts'
import { stageWidth } from '../network/config.ts'
import type { Volume } from '../volume/volume.ts'
import { labEncoder, nameOf, provenance } from './encoders.ts'
import type {
  EncoderChoice,
  InsightTasks,
  LabelSource,
  Provenance,
  TokenLabels,
  TokenRequest,
  TokenResult,
} from './insightProtocol.ts'
import { beginStep, getLabModel } from './labTasks.ts'
import type { StageProgress } from './protocol.ts'
import type { Handlers, JobContext } from './serveTasks.ts'

type Context = JobContext<StageProgress>

async function readFeatures(
  model: LabModel,
  choice: EncoderChoice,
  volume: Volume,
  { stage, part }: TokenRequest,
  context: Context,
): Promise<ScanFeatures & Provenance> {
  const entry = requireEntry(model, choice.task)
  const encoder = labEncoder(model, choice, entry.shape)
  const program = await model.program(`features ${nameOf(choice, entry.shape)} stage ${stage}`, () =>
    featureProgram(encoder, stage),
  )
  const reader = {
    entry,
    width: stageWidth(entry.config, stage),
    run: async (image: Float32Array) => (await program.run({ image })).features.data as Float32Array,
  }
  const features = await scanFeatures(volume, stage, reader, {
    ...(part && { part }),
    signal: context.signal,
    onTile: (done, total) => context.report({ stage: 'Reading the features', done, total }),
  })
  return { ...features, ...provenance(model, choice, program) }
}

/** The open scan's labels are asked for by its tokens and, at each clustering, by its voxels; they take seconds. */
let openLabels: { readonly key: string; readonly map: LabelMap } | undefined

async function readLabels(
  volume: Volume,
  openCaseId: string | null,
  labels: LabelSource,
  context: Context,
): Promise<LabelMap> {
  const key = `${openCaseId} ${labels.kind}`
  if (openLabels?.key === key) return openLabels.map
  await beginStep(context, labels.kind === 'phantom' ? 'Making the organs again' : 'Finding the lungs')
  const onPart = (done: number, total: number) => beginStep(context, 'Making the organs again', done, total)
  const map =
    labels.kind === 'phantom' ? await phantomLabels(volume, labels.origin, onPart) : lungLabels(volume)
  if (openCaseId !== null) openLabels = { key, map }
  return map
}

/** Where the page is isolated, the same memory is seen from both sides, and a second task copies nothing. */
function shareable(values: Float32Array): Float32Array {
  if (typeof SharedArrayBuffer === 'undefined') return values
  const shared = new Float32Array(new SharedArrayBuffer(values.byteLength))
  shared.set(values)
  return shared
}

export const readTokens: Handlers<InsightTasks>['readTokens'] = async (
  { source, encoder, volume, openCaseId, request },
  context,
) => {
  await beginStep(context, 'Opening the model')
  const model = await getLabModel(source)
  const features = await readFeatures(model, encoder, volume, request, context)
  const { synthetic } = request
  const found: Pick<TokenResult, 'labels' | 'labelProblem'> = await readLabels(
    volume,
    openCaseId,
    request.labels,
    context,
  ).then(
    map => {
      const { names, isTruth, source: from } = map
      const ofTokens = labelsOfTokens(map, volume, features.grid)
      return { labels: { names, ofTokens, isTruth, source: from }, labelProblem: null }
    },
    (error: unknown) => {
      // A scan without lungs has no labels, which is no failure.
      if (!(error instanceof InputError)) throw error
      return { labels: null, labelProblem: error.message }
    },
  )
  const values = shareable(features.values)
  const transfer = values.buffer instanceof ArrayBuffer ? [values.buffer] : []
  return { result: { ...features, values, synthetic, ...found }, transfer }
}

type ClusterInput = InsightTasks['clusterTokens']['input']

/** How the clusters of all rows go with labels. */
async function judge(
  rows: Rows,
  clusters: Uint8Array,
  { scans, volume, openCaseId, labels, request }: ClusterInput,
  context: Context,
): Promise<TokenLabels | null> {
  const pooled = poolLabels(scans)
  if (!pooled) return null
  const figures = groupFigures(rows, pooled.ofTokens, pooled.names.length)
  const [{ grid, labels: own }] = scans
  if (!own) return { ...pooled, figures, openSource: null, agreement: [] }
  const map = await readLabels(volume, openCaseId, labels, context)
  const painted = paintTokens(clusters, grid, volume, 255)
  return {
    ...{ ...pooled, figures, openSource: own.source },
    agreement: agreement(painted, map.labels, request.k, map.names.length),
  }
}

export const clusterTokens: Handlers<InsightTasks>['clusterTokens'] = async (input, context) => {
  const { encoder, scans, request } = input
  const { k, seed, mapTokens } = request
  const { signal } = context
  const rows = poolRows(scans)
  const sizes = scans.map(countRows)
  const { clusters } = await kMeans(rows, {
    ...{ k, seed, signal },
    onPass: () => beginStep(context, 'Clustering the tokens'),
  })
  const labels = await judge(rows, clusters, input, context)
  const chosen = chooseEvenly(sizes, mapTokens, seed)
  const points = await embed(takeRows(rows, chosen), {
    ...{ seed, signal },
    onStep: (done, total) => beginStep(context, 'Drawing the map (UMAP)', Math.round(done), total),
  })
  const [{ width, device, notices, identity, labelProblem }] = scans
  const result = {
    ...{ encoder, request, width, clusters, chosen, points, labels, labelProblem },
    ...{ device, notices, identity },
    scans: scans.map(({ grid, synthetic }, i) => ({ grid, tokens: sizes[i], synthetic })),
    figures: groupFigures(rows, clusters, k),
    scanFigures: sizes.length > 1 ? groupFigures(rows, scansOfRows(sizes), sizes.length) : null,
  }
  return { result, transfer: [clusters.buffer, chosen.buffer, points.buffer] as ArrayBuffer[] }
}
