// A model ready to run: its networks traced once, weights bound as constants, sessions made on the given runtime.
// What leaves the network is only what the road needs: the nodule's probability, one float a voxel.
import * as tf from '@tensorflow/tfjs-core'
import { InputError } from '../base/errors.ts'
import { bindInputs } from '../graph/simplify.ts'
import type { Runtime, Session } from '../graph/session.ts'
import { createSession } from '../graph/session.ts'
import { traceGraph } from '../graph/trace.ts'
import type { ModelManifest, NetworkEntry } from '../network/model.ts'
import { modelIdentity, parseManifest } from '../network/model.ts'
import { classifyLogits, segmentLogits } from '../network/network.ts'
import type { SafetensorsFile } from '../network/safetensors.ts'
import { readWeights, takeParameters } from './weights.ts'

export interface LoadedModel {
  readonly manifest: ModelManifest
  /** SHA-256 of the description and the weights. */
  readonly identity: string
  /** Normalised HU of one tile [D,H,W] → nodule probability [D,H,W]. */
  readonly segment?: (tile: Float32Array) => Promise<Float32Array>
  /** Normalised HU of one crop [D,H,W] → probability of malignancy. */
  readonly classify?: (crop: Float32Array) => Promise<number>
  /** Frees the sessions; the model cannot run afterwards. */
  release(): Promise<void>
}

export interface ModelFiles {
  /** model.json, parsed from JSON and not yet checked. */
  readonly manifest: unknown
  readonly weights: Uint8Array
}

/**
 * Checks a model's files and makes its networks ready on `runtime`.
 * @throws InputError when description and weights are damaged or do not belong together.
 */
export async function loadModel(files: ModelFiles, runtime: Runtime): Promise<LoadedModel> {
  const manifest = parseManifest(files.manifest)
  const weights = await readWeights(manifest, files.weights)
  const { segment, classify } = manifest.networks
  const sessions: Session[] = []
  const open = async (entry: NetworkEntry, forward: typeof segmentLogits, label: string) => {
    const session = await openSession(entry, weights, forward, label, runtime)
    sessions.push(session)
    return async (image: Float32Array) => (await session.run({ image })).probability.data as Float32Array
  }
  const segmentTile = segment && (await open(segment, segmentLogits, 'nodule'))
  const classifyCrop = classify && (await open(classify, classifyLogits, 'malignant'))
  return {
    manifest,
    identity: await modelIdentity(manifest, files.weights),
    segment: segmentTile,
    classify: classifyCrop && (async crop => (await classifyCrop(crop))[0]),
    async release() {
      for (const session of sessions.splice(0)) await session.release()
    },
  }
}

/** Traces `forward` and the softmax of the class called `label` for one image of the entry's shape. */
async function openSession(
  entry: NetworkEntry,
  weights: SafetensorsFile,
  forward: typeof segmentLogits,
  label: string,
  runtime: Runtime,
): Promise<Session> {
  const parameters = takeParameters(weights, entry.prefix)
  const classIndex = entry.labels.indexOf(label)
  if (classIndex < 0) {
    throw new InputError(
      `The model names the classes ${entry.labels.join(', ')}, but one called '${label}' is expected; use a model made for this program.`,
    )
  }
  const named = Object.entries(parameters)
  const [D, H, W] = entry.shape
  const graph = traceGraph(
    ({ image, ...p }) => {
      const logits = forward(p, image, entry.config)
      return { probability: classProbability(logits, classIndex) }
    },
    {
      image: { shape: [1, D, H, W, entry.config.in_chans], dtype: 'float32' },
      ...Object.fromEntries(
        named.map(([name, { shape }]) => [name, { shape: [...shape], dtype: 'float32' }]),
      ),
    },
  )
  const values = Object.fromEntries(named.map(([name, { data }]) => [name, data]))
  return createSession(bindInputs(graph, values), runtime)
}

/** Softmax probability of one class over the last axis, flat. Two classes need only the difference of their logits. */
function classProbability(logits: tf.Tensor, classIndex: number): tf.Tensor {
  const classes = logits.shape[logits.rank - 1]
  const rows = tf.reshape(logits, [-1, classes])
  const probability =
    classes === 2
      ? tf.sigmoid(tf.matMul(rows as tf.Tensor2D, tf.tensor2d(classIndex === 1 ? [-1, 1] : [1, -1], [2, 1])))
      : tf.slice(tf.softmax(rows), [0, classIndex], [-1, 1])
  return tf.reshape(probability, [-1])
}
