// What the compute worker can do: say where it runs, and predict. The model is loaded once and kept.
import { InputError } from '../base/errors.ts'
import type { Runtime } from '../graph/session.ts'
import type { LoadedModel } from '../prediction/loadModel.ts'
import { loadModel } from '../prediction/loadModel.ts'
import { toFindingsFile } from '../prediction/findingsFile.ts'
import { predict } from '../prediction/predict.ts'
import { configureOrt, describeDevice, hasRealGpu } from './ortRuntime.ts'
import { previewLabels } from './preview.ts'
import type { ComputeDevice, ComputeTasks, ModelSummary } from './protocol.ts'
import type { Handlers } from './serveTasks.ts'

let device: Promise<ComputeDevice> | undefined
let loaded: { name: string; model: LoadedModel } | undefined

function findDevice(): Promise<ComputeDevice> {
  device ??= hasRealGpu().then(describeDevice)
  return device
}

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

async function getModel(name: string, baseUrl: string): Promise<{ model: LoadedModel; runtime: Runtime }> {
  const where = await findDevice()
  const runtime: Runtime = {
    kind: 'onnx',
    ort: configureOrt(where),
    threads: where.threads,
    label: where.label,
  }
  if (loaded?.name === name) return { model: loaded.model, runtime }
  const model = await loadModel(await fetchModel(name, baseUrl), runtime)
  await loaded?.model.release()
  loaded = { name, model }
  return { model, runtime }
}

function summarise({ name, title, version }: ModelSummary): ModelSummary {
  return { name, title, version }
}

export const computeHandlers: Handlers<ComputeTasks> = {
  async describe({ modelName, baseUrl }) {
    const where = await findDevice()
    const folder = new URL(`models/${modelName}/`, baseUrl)
    const manifestFile = await fetchOwnFile(new URL('model.json', folder).href)
    const model = manifestFile && summarise((await manifestFile.json()) as ModelSummary)
    return { result: { device: where, model } }
  },

  async predict({ series, previewShape, modelName, baseUrl }, { signal, report }) {
    report({ stage: 'Loading the model', done: 0, total: 1, secondsLeft: null })
    const { model, runtime } = await getModel(modelName, baseUrl)
    const prediction = await predict({ series, model, runtime, signal, onProgress: report })
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
  },
}
