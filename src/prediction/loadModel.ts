// A model ready to run: files checked, networks opened on a runtime, weights bound. What leaves a network is only what
// the road needs: the nodule's probability, one float a voxel, and the probability of malignancy.
import type { Triple } from '../base/shape.ts'
import type { ClassTask, ModelManifest } from '../network/model.ts'
import { modelIdentity, parseManifest } from '../network/model.ts'
import { classifyLogits, segmentLogits } from '../network/network.ts'
import type { ModelRuntime, NetworkPlan, OpenNetwork } from './openNetwork.ts'
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
  /** What a user should know of where it runs, in sentences. */
  readonly notices?: readonly string[]
  /** What happened to its device since this was asked last, in sentences. */
  takeEvents?(): readonly string[]
  /** Frees the networks; the model cannot run afterwards. */
  release(): Promise<void>
}

export interface ModelFiles {
  /** model.json, parsed from JSON and not yet checked. */
  readonly manifest: unknown
  readonly weights: Uint8Array
}

/** What a network of each task computes, and which of its classes the road asks for. */
export const taskOutputs: Readonly<Record<ClassTask, Pick<NetworkPlan, 'forward' | 'label'>>> = {
  segment: { forward: segmentLogits, label: 'nodule' },
  classify: { forward: classifyLogits, label: 'malignant' },
}

export interface LoadOptions {
  /** Tile [D,H,W] of the segmentation in place of the description's, where a device cannot hold that. */
  readonly tileShape?: Triple
}

/**
 * Checks a model's files and makes its networks ready on `runtime`.
 * @throws InputError when description and weights are damaged or do not belong together; DeviceMemoryError when the
 * device cannot hold a tile.
 */
export async function loadModel(
  files: ModelFiles,
  runtime: ModelRuntime,
  options: LoadOptions = {},
): Promise<LoadedModel> {
  const described = parseManifest(files.manifest)
  const manifest = withTileShape(described, options.tileShape)
  const weights = await readWeights(manifest, files.weights)
  const opened: OpenNetwork[] = []
  const release = async () => {
    for (const network of opened.splice(0)) await network.release()
  }
  const open = async (task: ClassTask) => {
    const entry = manifest.networks[task]
    if (!entry) return undefined
    const parameters = takeParameters(weights, entry.prefix)
    const network = await openNetwork({ entry, parameters, ...taskOutputs[task] }, runtime)
    opened.push(network)
    return network.run
  }
  const openBoth = async () => ({ segmentTile: await open('segment'), classifyCrop: await open('classify') })
  const { segmentTile, classifyCrop } = await openBoth().catch(async (error: unknown) => {
    await release()
    throw error
  })
  return {
    manifest,
    identity: await modelIdentity(described, files.weights),
    segment: segmentTile,
    classify: classifyCrop && (async crop => (await classifyCrop(crop))[0]),
    release,
  }
}

function withTileShape(manifest: ModelManifest, shape: Triple | undefined): ModelManifest {
  const { segment } = manifest.networks
  if (!shape || !segment) return manifest
  return { ...manifest, networks: { ...manifest.networks, segment: { ...segment, shape } } }
}
