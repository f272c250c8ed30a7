// What the compute worker can do: say where it runs, predict, write a network as a file for elsewhere, and what the lab
// asks (labTasks.ts). The model is loaded once and kept.
import type { Triple } from '../base/shape.ts'
import type { ModelManifest } from '../network/model.ts'
import { parseManifest } from '../network/model.ts'
import { exportModel } from '../prediction/exportModel.ts'
import type { LoadedModel } from '../prediction/loadModel.ts'
import { toFindingsFile } from '../prediction/findingsFile.ts'
import type { FindingsFile } from '../prediction/finding.ts'
import type { Prediction } from '../prediction/predict.ts'
import { predict } from '../prediction/predict.ts'
import { openSteadyModel, type SteadyModel } from '../prediction/steadyModel.ts'
import type { OpenedSeries } from '../volume/volume.ts'
import { finetuneHandlers } from './finetuneTasks.ts'
import { insightHandlers } from './insightTasks.ts'
import type { ModelSource } from './labProtocol.ts'
import { labHandlers } from './labTasks.ts'
import { readDescription, readModel } from './modelSource.ts'
import { previewLabels } from './preview.ts'
import type { ComputeTasks, ModelSummary } from './protocol.ts'
import { describePlace, modelPlaces } from './runtime.ts'
import type { Handlers } from './serveTasks.ts'
import { sourceKey } from './sourceKey.ts'

/** Two models are kept: one that classifies, and one that searches for it; the one that was used longest ago goes. */
const mostModels = 2
const loaded = new Map<string, SteadyModel>()

async function getModel(source: ModelSource): Promise<SteadyModel> {
  const key = sourceKey(source)
  const model = loaded.get(key) ?? (await openSteadyModel(await readModel(source), modelPlaces))
  loaded.delete(key)
  loaded.set(key, model)
  for (const [old, one] of loaded) {
    if (loaded.size <= mostModels) break
    loaded.delete(old)
    await one.release()
  }
  return model
}

function summarise({ name, title, version, networks }: ModelManifest, source: ModelSource): ModelSummary {
  const has = (['segment', 'classify'] as const).filter(task => networks[task])
  const classes = networks.classify?.labels ?? []
  return { name, title, version, networks: has, classes, isOwn: source.kind !== 'installed' }
}

/** Written with every result of a model that is not the shipped one. */
function ownRemarks({ manifest: { title, version }, identity }: LoadedModel, source: ModelSource): string[] {
  if (source.kind === 'installed') return []
  return [
    `Own model: these results are of “${title} ${version}” (SHA-256 ${identity.slice(0, 12)}…), which is another algorithm than the shipped model.`,
  ]
}

export const computeHandlers: Handlers<ComputeTasks> = {
  ...labHandlers,
  ...insightHandlers,
  ...finetuneHandlers,

  async describe({ source }) {
    const label = [...loaded.values()].at(-1)?.runtime.label ?? (await describePlace())
    const description = await readDescription(source)
    const model = description === null ? null : summarise(parseManifest(description), source)
    return { result: { device: { label }, model } }
  },

  async predict({ series, previewShape, source, searchSource }, { signal, report }) {
    report({ stage: 'Loading the model', done: 0, total: 1, secondsLeft: null })
    const model = await getModel(source)
    const { runtime } = model
    const searchModel = model.segment ? undefined : await getModel(searchSource)
    const prediction = await predict({ series, model, searchModel, runtime, signal, onProgress: report })
    const file = toFindingsFile(series, prediction, ownRemarks(model, source))
    return toResult(series, prediction, previewShape, file, summarise(model.manifest, source))
  },

  async exportModel({ source, format, network }, { signal, report }) {
    report({ stage: 'Fetching the model', done: 0, total: 1 })
    const files = await readModel(source)
    const { fileName, bytes } = await exportModel(files, { format, network }, { signal, onProgress: report })
    return { result: { fileName, bytes }, transfer: [bytes.buffer] }
  },

  async selfTest(_, context) {
    const { runSelfTest } = await import('./selfTest.ts')
    return { result: await runSelfTest(context) }
  },
}

/** Results for the page; their buffers move there. */
function toResult(
  series: OpenedSeries,
  prediction: Prediction,
  previewShape: Triple,
  file: FindingsFile,
  model: ModelSummary,
) {
  const { labels, probability, timings } = prediction
  const small = previewLabels(labels, series.volume.shape, previewShape)
  const result = {
    file,
    labels,
    probability,
    previewLabels: small,
    timings,
    model,
  }
  return { result, transfer: [labels.buffer, probability.buffer, small.buffer] as Transferable[] }
}
