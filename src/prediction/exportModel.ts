// A model's network as one file for use elsewhere: ONNX to run it, or safetensors with the weights alone. Both carry the
// parameters as float32 under SPEC 9.1's names in PyTorch's layouts, and say what they are (modelMetadata.ts).
import * as tf from '@tensorflow/tfjs-core'
import { InputError, throwIfCancelled } from '../base/errors.ts'
import { toFirst, toLast } from '../graph/layout.ts'
import { toOnnx } from '../graph/onnx.ts'
import { traceGraph } from '../graph/trace.ts'
import type { ClassTask, ModelManifest } from '../network/model.ts'
import { modelIdentity, parseManifest } from '../network/model.ts'
import type { SafetensorsTensor } from '../network/safetensors.ts'
import { writeSafetensors } from '../network/safetensors.ts'
import type { ModelFiles } from './loadModel.ts'
import { taskForwards } from './loadModel.ts'
import { describeModel, describePorts, modelMetadata } from './modelMetadata.ts'
import { yieldToMessages } from './segment.ts'
import type { Parameter } from './weights.ts'
import { readWeights, takeParameters } from './weights.ts'

export const exportFormats = ['onnx', 'safetensors'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface ExportRequest {
  readonly format: ExportFormat
  /** The segmentation where the model has one and this is left out, else its only network. */
  readonly network?: ClassTask
}

export interface ExportOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void
}

export interface ExportedModel {
  /** Such as demo-0.1.0-segment.onnx. */
  readonly fileName: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly identity: string
  readonly network: ClassTask
}

type Parameters = Readonly<Record<string, Parameter>>

function chooseNetwork(manifest: ModelManifest, wanted: ClassTask | undefined): ClassTask {
  const has = (['segment', 'classify'] as const).filter(task => manifest.networks[task])
  const chosen = wanted ?? has[0]
  if (!has.includes(chosen))
    throw new InputError(
      `The model “${manifest.name}” has no network '${chosen}', only ${has.join(' and ')}; choose one of those.`,
    )
  return chosen
}

/** The traced network: image [1, Cin, D, H, W] in, logits and probability with the classes on axis 1 out. */
function traceNetwork(manifest: ModelManifest, task: ClassTask, parameters: Parameters) {
  const { config, shape } = manifest.networks[task]!
  const specs = Object.entries(parameters).map(([name, { shape }]) => [
    name,
    { shape, dtype: 'float32' as const },
  ])
  return traceGraph(
    ({ image, ...weights }) => {
      const logits = taskForwards[task](weights, tf.transpose(image, toLast), config)
      const classesFirst = (x: tf.Tensor) => (task === 'segment' ? tf.transpose(x, toFirst) : x)
      return { logits: classesFirst(logits), probability: classesFirst(tf.softmax(logits)) }
    },
    { image: { shape: [1, config.in_chans, ...shape], dtype: 'float32' }, ...Object.fromEntries(specs) },
  )
}

function writeOnnx(manifest: ModelManifest, task: ClassTask, parameters: Parameters, identity: string) {
  const weights = Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data]))
  return toOnnx(traceNetwork(manifest, task, parameters), {
    name: `${manifest.name}-${task}`,
    publication: {
      weights,
      doc: describeModel(manifest, task, identity),
      metadata: modelMetadata(manifest, task, identity),
      portDocs: describePorts(manifest, task),
    },
  })
}

function writeWeights(manifest: ModelManifest, task: ClassTask, parameters: Parameters, identity: string) {
  const tensors: Record<string, SafetensorsTensor> = {}
  for (const [name, { shape, data }] of Object.entries(parameters))
    tensors[name] = { dtype: 'F32', shape, data }
  return writeSafetensors(tensors, modelMetadata(manifest, task, identity))
}

/**
 * Checks a model's files and writes one of its networks in the format asked for.
 * @throws InputError when the files are damaged or do not belong together, or the model has no such network.
 */
export async function exportModel(
  files: ModelFiles,
  request: ExportRequest,
  { signal, onProgress }: ExportOptions = {},
): Promise<ExportedModel> {
  const step = async (stage: string, done: number) => {
    onProgress?.({ stage, done, total: 3 })
    await yieldToMessages()
    throwIfCancelled(signal, 'The export')
  }
  await step('Checking the weights', 0)
  const manifest = parseManifest(files.manifest)
  const network = chooseNetwork(manifest, request.network)
  const weights = await readWeights(manifest, files.weights)
  const identity = await modelIdentity(manifest, files.weights)
  await step('Writing the network', 1)
  const parameters = takeParameters(weights, manifest.networks[network]!.prefix)
  const write = request.format === 'onnx' ? writeOnnx : writeWeights
  const bytes = write(manifest, network, parameters, identity) as Uint8Array<ArrayBuffer>
  await step('Handing it over', 2)
  const stem = `${manifest.name}-${manifest.version}`.replace(/[^\w.-]+/g, '-')
  return { fileName: `${stem}-${network}.${request.format}`, bytes, identity, network }
}
