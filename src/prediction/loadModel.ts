// A model ready to run: files checked, networks opened on a runtime, weights bound. What leaves a network is only what
// the road needs: the nodule's probability, one float a voxel, and the probability of malignancy.
import type { ModelManifest, NetworkEntry } from '../network/model.ts'
import { modelIdentity, parseManifest } from '../network/model.ts'
import { classifyLogits, segmentLogits } from '../network/network.ts'
import type { ModelRuntime, OpenNetwork } from './openNetwork.ts'
import { openNetwork } from './openNetwork.ts'
import { readWeights, takeParameters } from './weights.ts'

export interface LoadedModel {
  readonly manifest: ModelManifest
  /** SHA-256 of the description and the weights. */
  readonly identity: string
  /** Normalised HU of one tile [D,H,W] → nodule probability [D,H,W]. */
  readonly segment?: (tile: Float32Array) => Promise<Float32Array>
  /** Normalised HU of one crop [D,H,W] → probability of malignancy. */
  readonly classify?: (crop: Float32Array) => Promise<number>
  /** Frees the networks; the model cannot run afterwards. */
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
export async function loadModel(files: ModelFiles, runtime: ModelRuntime): Promise<LoadedModel> {
  const manifest = parseManifest(files.manifest)
  const weights = await readWeights(manifest, files.weights)
  const { segment, classify } = manifest.networks
  const opened: OpenNetwork[] = []
  const open = async (entry: NetworkEntry, forward: typeof segmentLogits, label: string) => {
    const parameters = takeParameters(weights, entry.prefix)
    const network = await openNetwork({ entry, parameters, forward, label }, runtime)
    opened.push(network)
    return network.run
  }
  const segmentTile = segment && (await open(segment, segmentLogits, 'nodule'))
  const classifyCrop = classify && (await open(classify, classifyLogits, 'malignant'))
  return {
    manifest,
    identity: await modelIdentity(manifest, files.weights),
    segment: segmentTile,
    classify: classifyCrop && (async crop => (await classifyCrop(crop))[0]),
    async release() {
      for (const network of opened.splice(0)) await network.release()
    },
  }
}
