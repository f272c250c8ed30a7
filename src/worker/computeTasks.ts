// What the compute worker can do: say where it runs, and predict. The model is loaded once and kept.
import { CancelledError, InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import type { LoadedModel } from '../prediction/loadModel.ts'
import { loadModel } from '../prediction/loadModel.ts'
import type { ModelRuntime } from '../prediction/openNetwork.ts'
import { toFindingsFile } from '../prediction/findingsFile.ts'
import type { Prediction } from '../prediction/predict.ts'
import { predict } from '../prediction/predict.ts'
import type { OpenedSeries } from '../volume/volume.ts'
import { previewLabels } from './preview.ts'
import type { ComputeTasks, ModelSummary } from './protocol.ts'
import { chooseRuntime, giveUpGpu } from './runtime.ts'
import type { Handlers } from './serveTasks.ts'

let loaded: { name: string; runtime: ModelRuntime; model: LoadedModel } | undefined

/** GETs one of the app's own files, without a body; null where it does not exist. */
async function fetchOwnFile(url: string): Promise<Response | null> {
  const response = await fetch(url)
  // A development server answers a missing file with its start page.
  const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false
  return response.ok && !isPage ? response : null
}

async function fetchModel(
  name: string,
  baseUrl: string,
): Promise<{ manifest: unknown; weights: Uint8Array }> {
  const folder = new URL(`models/${name}/`, baseUrl)
  const manifestFile = await fetchOwnFile(new URL('model.json', folder).href)
  const manifest = (await manifestFile?.json()) as { weights?: { file?: string } } | undefined
  const weightsFile = await fetchOwnFile(
    new URL(manifest?.weights?.file ?? 'weights.safetensors', folder).href,
  )
  if (!manifest || !weightsFile)
    throw new InputError(
      `The model “${name}” is not part of this installation: public/models/${name} lacks its model.json or weights. Install the workbench again, or train a model.`,
    )
  return { manifest, weights: new Uint8Array(await weightsFile.arrayBuffer()) }
}

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

function summarise({ name, title, version }: ModelSummary): ModelSummary {
  return { name, title, version }
}

export const computeHandlers: Handlers<ComputeTasks> = {
  async describe({ modelName, baseUrl }) {
    const { label } = await chooseRuntime()
    const folder = new URL(`models/${modelName}/`, baseUrl)
    const manifestFile = await fetchOwnFile(new URL('model.json', folder).href)
    const model = manifestFile && summarise((await manifestFile.json()) as ModelSummary)
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
