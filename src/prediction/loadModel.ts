// A model ready to run: files checked, networks opened on a runtime, weights bound. What leaves a network is only what
// the road needs: the nodule's probability, one float a voxel, and the probabilities of a crop's classes.
import type { Triple } from '../base/shape.ts'
import type { ClassTask, ModelManifest, NetworkEntry } from '../network/model.ts'
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
  /** Normalised HU of one crop [D,H,W] → probability of each of the entry's labels, in their order. */
  readonly classify?: (crop: Float32Array) => Promise<Float32Array>
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

/** What a network of each task computes. */
export const taskForwards: Readonly<Record<ClassTask, NetworkPlan['forward']>> = {
  segment: segmentLogits,
  classify: classifyLogits,
}

/** The label of a classifier's class that is shown as malignancy. */
const malignantLabel = 'malignant'

/** The probability of malignancy among those of a classifier's labels; null where no class is called so. */
export function malignancyOf(labels: readonly string[], probabilities: ArrayLike<number>): number | null {
  const at = labels.indexOf(malignantLabel)
  return at < 0 ? null : probabilities[at]
}

/** The class whose probability is computed: of two classes one says all; undefined for all of them. */
function askedLabel(task: ClassTask, { labels }: NetworkEntry): string | undefined {
  if (task === 'segment') return 'nodule'
  if (labels.length !== 2) return undefined
  return labels.includes(malignantLabel) ? malignantLabel : labels[1]
}

/** The probabilities of all labels, where a network of two classes gives that of one. */
function allClasses(probability: Float32Array, asked: string | undefined, { labels }: NetworkEntry) {
  if (asked === undefined) return probability
  return Float32Array.from(labels, label => (label === asked ? probability[0] : 1 - probability[0]))
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
    const label = askedLabel(task, entry)
    const network = await openNetwork({ entry, parameters, forward: taskForwards[task], label }, runtime)
    opened.push(network)
    if (task === 'segment') return network.run
    return async (crop: Float32Array) => allClasses(await network.run(crop), label, entry)
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
    classify: classifyCrop,
    release,
  }
}

function withTileShape(manifest: ModelManifest, shape: Triple | undefined): ModelManifest {
  const { segment } = manifest.networks
  if (!shape || !segment) return manifest
  return { ...manifest, networks: { ...manifest.networks, segment: { ...segment, shape } } }
}
