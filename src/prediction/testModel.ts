// Models for tests: a real network with hash-initialised weights (its findings mean nothing, its road is the real
// one), and an oracle that calls bright voxels nodules, so that positions and sizes can be checked.
import type { NetworkConfig } from '../network/config.ts'
import { presets } from '../network/config.ts'
import { hashInitialise } from '../network/initialise.ts'
import { taskParts, teacherParts, teacherPrefix } from '../network/model.ts'
import type { ModelManifest, NetworkEntry, NetworkTask } from '../network/model.ts'
import { sha256 } from '../network/sha256.ts'
import { parameterShapes, type ParameterShapes } from '../network/parameters.ts'
import type { SafetensorsTensor } from '../network/safetensors.ts'
import { writeSafetensors } from '../network/safetensors.ts'
import type { LoadedModel, ModelFiles } from './loadModel.ts'
import { pipelineVersion } from './pipelineVersion.ts'

const config: NetworkConfig = { ...presets.tiny, decoder_full_channels: 8 }

export const segmentEntry: NetworkEntry = {
  config,
  prefix: 'segment.',
  spacingMm: [4, 4, 4],
  shape: [32, 32, 32],
  huWindow: [-1000, 400],
  outputRange: [0, 1],
  padHu: -1024,
  labels: ['background', 'nodule'],
  thresholds: {},
}

export const classifyEntry: NetworkEntry = {
  ...segmentEntry,
  prefix: 'classify.',
  spacingMm: [1, 1, 1],
  labels: ['benign', 'malignant'],
}

export const pretrainEntry: NetworkEntry = { ...segmentEntry, prefix: 'pretrain.', labels: [], teacher: true }

const entries: Readonly<Record<NetworkTask, NetworkEntry>> = {
  segment: segmentEntry,
  classify: classifyEntry,
  pretrain: pretrainEntry,
}

function manifestOf(weights: ModelManifest['weights'], networks: ModelManifest['networks']): ModelManifest {
  return {
    schemaVersion: 1,
    pipelineVersion,
    name: 'test',
    version: '0.0.1',
    title: 'Hash-initialised test model',
    axes: 'DHW, S+ A+ R+',
    networks,
    weights,
    provenance: { initialiser: 'hash', licence: 'Apache-2.0' },
  }
}

export interface TestModelOptions {
  /** Of all networks; the tiny one by default. */
  readonly config?: NetworkConfig
  /** `segment` and `classify` by default. */
  readonly tasks?: readonly NetworkTask[]
  /** Of the hash initialiser; 1 by default. */
  readonly seed?: number
  /** Spoils the weights before they are written and described. */
  readonly change?: (tensors: Record<string, SafetensorsTensor>) => void
}

/** model.json and weights of networks that take 32³ voxels, hash-initialised. */
export async function makeModelFiles(
  options: TestModelOptions = {},
): Promise<ModelFiles & { readonly manifest: ModelManifest }> {
  const tasks = options.tasks ?? ['segment', 'classify']
  const networks = Object.fromEntries(
    tasks.map(task => [task, { ...entries[task], config: options.config ?? config }]),
  )
  const tensors: Record<string, SafetensorsTensor> = {}
  const add = (prefix: string, shapes: ParameterShapes, seed: number) => {
    for (const [name, data] of Object.entries(hashInitialise(shapes, seed)))
      tensors[prefix + name] = { dtype: 'F32', shape: shapes[name], data }
  }
  const seed = options.seed ?? 1
  for (const task of tasks) {
    const { config, prefix, teacher } = networks[task]
    add(prefix, parameterShapes(config, taskParts[task]), seed)
    if (teacher) add(teacherPrefix, parameterShapes(config, teacherParts), seed + 1)
  }
  options.change?.(tensors)
  return describeWeights(new Uint8Array(writeSafetensors(tensors)), networks)
}

/** A description that names any bytes as its weights. */
export async function describeWeights(
  weights: Uint8Array<ArrayBuffer>,
  networks: ModelManifest['networks'],
): Promise<ModelFiles & { readonly manifest: ModelManifest }> {
  const described = { file: 'weights.safetensors', bytes: weights.length, sha256: await sha256(weights) }
  return { manifest: manifestOf(described, networks), weights }
}

/** A model whose "network" calls everything above `thresholdHu` nodule, at `spacingMm`. */
export function makeOracle(thresholdHu: number, spacingMm = 2): LoadedModel {
  const segment = { ...segmentEntry, spacingMm: [spacingMm, spacingMm, spacingMm] as const }
  const threshold = (thresholdHu + 1000) / 1400
  return {
    manifest: manifestOf({ file: 'none', bytes: 1, sha256: '0'.repeat(64) }, { segment }),
    identity: 'oracle',
    segment: tile => Promise.resolve(tile.map(value => (value > threshold ? 1 : 0))),
    release: () => Promise.resolve(),
  }
}
