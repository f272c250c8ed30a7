// Models for tests: a real network with hash-initialised weights (its findings mean nothing, its road is the real
// one), and an oracle that calls bright voxels nodules, so that positions and sizes can be checked.
import type { NetworkConfig } from '../network/config.ts'
import { presets } from '../network/config.ts'
import { hashInitialise } from '../network/initialise.ts'
import type { ModelManifest, NetworkEntry } from '../network/model.ts'
import { sha256 } from '../network/sha256.ts'
import { parameterShapes } from '../network/parameters.ts'
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

function manifestOf(weights: ModelManifest['weights']): ModelManifest {
  return {
    schemaVersion: 1,
    pipelineVersion,
    name: 'test',
    version: '0.0.1',
    title: 'Hash-initialised test model',
    axes: 'DHW, S+ A+ R+',
    networks: { segment: segmentEntry, classify: classifyEntry },
    weights,
    provenance: { initialiser: 'hash, seed 1' },
  }
}

/** model.json and weights of the tiny network, hash-initialised with seed 1. */
export async function makeModelFiles(): Promise<ModelFiles & { readonly manifest: ModelManifest }> {
  const tensors: Record<string, SafetensorsTensor> = {}
  const add = (prefix: string, parts: Parameters<typeof parameterShapes>[1]) => {
    const shapes = parameterShapes(config, parts)
    for (const [name, data] of Object.entries(hashInitialise(shapes, 1))) {
      tensors[prefix + name] = { dtype: 'F32', shape: shapes[name], data }
    }
  }
  add('segment.', { decoder: true })
  add('classify.', { sa: true, clsHead: true })
  const weights = new Uint8Array(writeSafetensors(tensors))
  const described = { file: 'weights.safetensors', bytes: weights.length, sha256: await sha256(weights) }
  return { manifest: manifestOf(described), weights }
}

/** A model whose "network" calls everything above `thresholdHu` nodule, at `spacingMm`. */
export function makeOracle(thresholdHu: number, spacingMm = 2): LoadedModel {
  const manifest = manifestOf({ file: 'none', bytes: 1, sha256: '0'.repeat(64) })
  const segment = { ...segmentEntry, spacingMm: [spacingMm, spacingMm, spacingMm] as const }
  const threshold = (thresholdHu + 1000) / 1400
  return {
    manifest: { ...manifest, networks: { segment } },
    identity: 'oracle',
    segment: tile => Promise.resolve(tile.map(value => (value > threshold ? 1 : 0))),
    release: () => Promise.resolve(),
  }
}
