// What the compute worker can do: say where it runs, predict, write a network as a file for elsewhere, and what the lab
// asks (labTasks.ts). The model is loaded once and kept.
import type { Triple } from '../base/shape.ts'
import type { ModelManifest } from '../network/model.ts'
import { parseManifest } from '../network/model.ts'
import { exportModel } from '../prediction/exportModel.ts'
import type { LoadedModel } from '../prediction/loadModel.ts'
import { toFindingsFile } from '../prediction/findingsFile.ts'
import type { Prediction } from '../prediction/predict.ts'
import { predict } from '../prediction/predict.ts'
import { openSteadyModel, type SteadyModel } from '../prediction/steadyModel.ts'
import type { OpenedSeries } from '../volume/volume.ts'
import { fetchDescription, fetchModel } from './fetchModel.ts'
import { finetuneHandlers } from './finetuneTasks.ts'
import { insightHandlers } from './insightTasks.ts'
import { labHandlers } from './labTasks.ts'
import { previewLabels } from './preview.ts'
import type { ComputeTasks, ModelSummary } from './protocol.ts'
import { describePlace, modelPlaces } from './runtime.ts'
import type { Handlers } from './serveTasks.ts'

let loaded: { name: string; model: SteadyModel } | undefined

async function getModel(name: string, baseUrl: string): Promise<SteadyModel> {
  if (loaded?.name === name) return loaded.model
  const model = await openSteadyModel(await fetchModel(name, baseUrl), modelPlaces)
  await loaded?.model.release()
  loaded = { name, model }
  return model
}

function summarise({ name, title, version, networks }: ModelManifest): ModelSummary {
  const has = (['segment', 'classify'] as const).filter(task => networks[task])
  return { name, title, version, networks: has }
}

export const computeHandlers: Handlers<ComputeTasks> = {
  ...labHandlers,
  ...insightHandlers,
  ...finetuneHandlers,

  async describe({ modelName, baseUrl }) {
    const label = loaded?.model.runtime.label ?? (await describePlace())
    const description = await fetchDescription(modelName, baseUrl)
    const model = description === null ? null : summarise(parseManifest(description))
    return { result: { device: { label }, model } }
  },

  async predict({ series, previewShape, modelName, baseUrl }, { signal, report }) {
    report({ stage: 'Loading the model', done: 0, total: 1, secondsLeft: null })
    const model = await getModel(modelName, baseUrl)
    const { runtime } = model
    const prediction = await predict({ series, model, runtime, signal, onProgress: report })
    return toResult(series, prediction, previewShape, model)
  },

  async exportModel({ modelName, baseUrl, format, network }, { signal, report }) {
    report({ stage: 'Fetching the model', done: 0, total: 1 })
    const files = await fetchModel(modelName, baseUrl)
    const { fileName, bytes } = await exportModel(files, { format, network }, { signal, onProgress: report })
    return { result: { fileName, bytes }, transfer: [bytes.buffer] }
  },

  async selfTest(_, context) {
    const { runSelfTest } = await import('./selfTest.ts')
    return { result: await runSelfTest(context) }
  },
}

/** Results for the page; their buffers move there. */
function toResult(series: OpenedSeries, prediction: Prediction, previewShape: Triple, model: LoadedModel) {
  const { labels, probability, timings } = prediction
  const small = previewLabels(labels, series.volume.shape, previewShape)
  const result = {
    file: toFindingsFile(series, prediction),
    labels,
    probability,
    previewLabels: small,
    timings,
    model: summarise(model.manifest),
  }
  return { result, transfer: [labels.buffer, probability.buffer, small.buffer] as Transferable[] }
}
