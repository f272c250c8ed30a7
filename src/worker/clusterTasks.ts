// Token features of the whole scan in the compute worker: read once and kept while the same scan is looked at, then clustered,
// mapped to two dimensions and held against labels.
import { InputError } from '../base/errors.ts'
import { chooseRows, embed, takeRows } from '../insight/embedding.ts'
import { agreement, groupFigures } from '../insight/groupFigures.ts'
import { kMeans } from '../insight/kMeans.ts'
import { requireEntry, type LabModel } from '../insight/labModel.ts'
import { labelsOfTokens, lungLabels, phantomLabels, type LabelMap } from '../insight/organLabels.ts'
import { featureProgram, scanFeatures, type ScanFeatures } from '../insight/tokenFeatures.ts'
import { paintTokens } from '../insight/tokenGrid.ts'
import { stageWidth } from '../network/config.ts'
import type { Volume } from '../volume/volume.ts'
import { labEncoder, nameOf, provenance } from './encoders.ts'
import type {
  ClusterRequest,
  EncoderChoice,
  InsightTasks,
  Provenance,
  TokenLabels,
} from './insightProtocol.ts'
import { beginStep, getLabModel } from './labTasks.ts'
import type { StageProgress } from './protocol.ts'
import type { Handlers, JobContext } from './serveTasks.ts'

type Context = JobContext<StageProgress>

/** One value under a key, made anew when the key changes: a scan's features take seconds, its labels too. */
function keepLast<Value>() {
  let kept: { key: string; value: Value } | undefined
  return async (key: string, make: () => Promise<Value>): Promise<Value> => {
    if (kept?.key === key) return kept.value
    kept = undefined
    const value = await make()
    kept = { key, value }
    return value
  }
}

const lastFeatures = keepLast<ScanFeatures & Provenance>()
const lastLabels = keepLast<LabelMap>()

async function readFeatures(
  model: LabModel,
  choice: EncoderChoice,
  volume: Volume,
  { stage, part }: ClusterRequest,
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

async function readLabels(
  volume: Volume,
  { labels, caseId }: ClusterRequest,
  context: Context,
): Promise<LabelMap> {
  await beginStep(context, labels.kind === 'phantom' ? 'Making the organs again' : 'Finding the lungs')
  const onPart = (done: number, total: number) => beginStep(context, 'Making the organs again', done, total)
  return lastLabels(`${caseId} ${labels.kind}`, async () =>
    labels.kind === 'phantom' ? phantomLabels(volume, labels.origin, onPart) : lungLabels(volume),
  )
}

/** How the clusters go with labels; a scan without lungs has none, which is no failure. */
async function judge(
  features: ScanFeatures,
  clusters: Uint8Array,
  volume: Volume,
  request: ClusterRequest,
  context: Context,
): Promise<{ labels: TokenLabels | null; labelProblem: string | null }> {
  try {
    const map = await readLabels(volume, request, context)
    const { names, isTruth, source } = map
    const ofTokens = labelsOfTokens(map, volume, features.grid)
    const painted = paintTokens(clusters, features.grid, volume, 255)
    const labels = {
      ...{ names, isTruth, source, ofTokens },
      figures: groupFigures(features, ofTokens, names.length),
      agreement: agreement(painted, map.labels, request.k, names.length),
    }
    return { labels, labelProblem: null }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { labels: null, labelProblem: error.message }
  }
}

export const clusterTokens: Handlers<InsightTasks>['clusterTokens'] = async (
  { source, encoder, volume, request },
  context,
) => {
  const { caseId, stage, part, k, seed, mapTokens } = request
  await beginStep(context, 'Opening the model')
  const model = await getLabModel(source)
  const key = [caseId, model.identity, encoder.task, encoder.role, stage, JSON.stringify(part)].join(' ')
  const features = await lastFeatures(key, () => readFeatures(model, encoder, volume, request, context))
  const { signal } = context
  const { clusters } = await kMeans(features, {
    ...{ k, seed, signal },
    onPass: () => beginStep(context, 'Clustering the tokens'),
  })
  const judged = await judge(features, clusters, volume, request, context)
  const chosen = chooseRows(clusters.length, mapTokens, seed)
  const points = await embed(takeRows(features, chosen), {
    ...{ seed, signal },
    onStep: (done, total) => beginStep(context, 'Drawing the map (UMAP)', Math.round(done), total),
  })
  const { grid, width, device, notices, identity } = features
  const figures = groupFigures(features, clusters, k)
  const result = {
    ...{ encoder, request, grid, width, clusters, figures, chosen, points },
    ...{ device, notices, identity, ...judged },
  }
  return { result, transfer: [clusters.buffer, chosen.buffer, points.buffer] as ArrayBuffer[] }
}
