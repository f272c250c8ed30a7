// What the compute worker can do: say where it runs, predict, and write a network as a file for elsewhere. The model is
// loaded once and kept.
import { CancelledError, InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import type { ModelManifest } from '../network/model.ts'
import { parseManifest } from '../network/model.ts'
import { exportModel } from '../prediction/exportModel.ts'
import type { LoadedModel } from '../prediction/loadModel.ts'
import { loadModel } from '../prediction/loadModel.ts'
import type { ModelRuntime } from '../prediction/openNetwork.ts'
import { toFindingsFile } from '../prediction/findingsFile.ts'
import type { Prediction } from '../prediction/predict.ts'
import { predict } from '../prediction/predict.ts'
import type { OpenedSeries } from '../volume/volume.ts'
import { fetchDescription, fetchModel } from './fetchModel.ts'
import { previewLabels } from './preview.ts'
import type { ComputeTasks, ModelSummary } from './protocol.ts'
import { chooseRuntime, giveUpGpu } from './runtime.ts'
import type { Handlers } from './serveTasks.ts'

let loaded: { name: string; runtime: ModelRuntime; model: LoadedModel } | undefined

async function getModel(name: string, baseUrl: string, runtime: ModelRuntime): Promise<LoadedModel> {
  if (loaded?.name === name && loaded.runtime === runtime) return loaded.model
  const model = await loadModel(await fetchModel(name, baseUrl), runtime)
  await loaded?.model.release()
  loaded = { name, runtime, model }
  return model
}

/** A GPU that fails is not tried again: its driver was lost, or it ran out of memory. */
function explain(error: unknown, runtime: ModelRuntime): unknown {
  const isKnown = error instanceof InputError || error instanceof CancelledError
  if (isKnown || runtime.kind !== 'plan') return error
  giveUpGpu()
  loaded = undefined
  return new InputError(
    'The GPU failed while analysing, and no result is shown. Press Analyse again: it will run on the CPU, slower.',
    error instanceof Error ? error.stack : String(error),
  )
}

function summarise({ name, title, version, networks }: ModelManifest): ModelSummary {
  const has = (['segment', 'classify'] as const).filter(task => networks[task])
  return { name, title, version, networks: has }
}

export const computeHandlers: Handlers<ComputeTasks> = {
  async describe({ modelName, baseUrl }) {
    const { label } = await chooseRuntime()
    const description = await fetchDescription(modelName, baseUrl)
    const model = description === null ? null : summarise(parseManifest(description))
    return { result: { device: { label }, model } }
  },

  async predict({ series, previewShape, modelName, baseUrl }, { signal, report }) {
    report({ stage: 'Loading the model', done: 0, total: 1, secondsLeft: null })
    const runtime = await chooseRuntime()
    try {
      const model = await getModel(modelName, baseUrl, runtime)
      return toResult(
        series,
        await predict({ series, model, runtime, signal, onProgress: report }),
        previewShape,
        model,
      )
    } catch (error) {
      throw explain(error, runtime)
    }
  },

  async exportModel({ modelName, baseUrl, format, network }, { signal, report }) {
    report({ stage: 'Fetching the model', done: 0, total: 1 })
    const files = await fetchModel(modelName, baseUrl)
    const { fileName, bytes } = await exportModel(files, { format, network }, { signal, onProgress: report })
    return { result: { fileName, bytes }, transfer: [bytes.buffer] }
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
