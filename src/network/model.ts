// What a model folder says about itself (model.json) and the identity of a model: the SHA-256 of description and weights.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import { parseNetworkConfig, type NetworkConfig } from './config.ts'
import { parameterShapes, type NetworkParts, type ParameterShapes } from './parameters.ts'
import { sha256 } from './sha256.ts'

export type NetworkTask = 'segment' | 'classify' | 'pretrain'
/** Tasks whose network gives logits of classes; `pretrain` gives attention and reconstructed voxels. */
export type ClassTask = Exclude<NetworkTask, 'pretrain'>

export const networkTasks: readonly NetworkTask[] = ['segment', 'classify', 'pretrain']

/** The parts that a network of each task has beside its encoder. */
export const taskParts: Readonly<Record<NetworkTask, NetworkParts>> = {
  segment: { decoder: true },
  classify: { sa: true, clsHead: true },
  pretrain: { sa: true, recHead: true },
}

/** A pretraining model may bring the momentum teacher beside the student: encoder and semantic attention, no heads. */
export const teacherPrefix = 'teacher.'
export const teacherParts: NetworkParts = { sa: true }

/** One network of a model and what it eats. Triples are in (D, H, W) order. */
export interface NetworkEntry {
  readonly config: NetworkConfig
  /** Names in the weights file are this prefix followed by SPEC 9.1's name. */
  readonly prefix: `${NetworkTask}.`
  /** Of `pretrain` only: the weights hold the momentum teacher too, under `teacherPrefix`. */
  readonly teacher?: boolean
  readonly spacingMm: Triple
  /** Voxels of a tile (segment) or a crop (classify). */
  readonly shape: Triple
  /** HU window that is mapped linearly to `outputRange` and clipped. */
  readonly huWindow: readonly [number, number]
  readonly outputRange: readonly [number, number]
  /** HU outside the scan. */
  readonly padHu: number
  readonly labels: readonly string[]
  readonly thresholds: Readonly<Record<string, number>>
}

export interface ModelManifest {
  readonly schemaVersion: 1
  readonly pipelineVersion: string
  readonly name: string
  readonly version: string
  readonly title: string
  /** Order and direction of the volume's axes, such as "DHW, S+ A+ R+". */
  readonly axes: string
  readonly networks: { readonly [task in NetworkTask]?: NetworkEntry }
  readonly weights: { readonly file: string; readonly bytes: number; readonly sha256: string }
  readonly provenance: Readonly<Record<string, unknown>>
  /** Sentences that whoever reads the model's results must know; they go into every result. */
  readonly remarks?: readonly string[]
}

function refuse(what: string): never {
  throw new InputError(
    `The model description cannot be used: ${what}; choose a model.json written by this program.`,
  )
}

type Fields = Record<string, unknown>

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} is no object`)
  return value as Fields
}

function requireText(fields: Fields, name: string): void {
  if (typeof fields[name] !== 'string' || fields[name] === '')
    refuse(`'${name}' is ${JSON.stringify(fields[name])}, a text is expected`)
}

/** A list of numbers of a given length, each accepted by `isGood`. */
function requireNumbers(
  fields: Fields,
  name: string,
  length: number,
  isGood: (value: number) => boolean,
): void {
  const list = fields[name]
  if (
    !Array.isArray(list) ||
    list.length !== length ||
    !list.every(value => Number.isFinite(value) && isGood(value as number))
  )
    refuse(`'${name}' is ${JSON.stringify(list)}, ${length} sensible numbers are expected`)
}

function parseEntry(value: unknown, task: NetworkTask): NetworkEntry {
  const fields = fieldsOf(value, `networks.${task}`)
  const config = parseNetworkConfig(fields.config)
  if (fields.prefix !== `${task}.`) refuse(`the prefix of ${task} is ${JSON.stringify(fields.prefix)}`)
  if (config.in_chans !== 1) refuse(`${task} takes images of ${config.in_chans} channels, but a CT has one`)
  requireNumbers(fields, 'spacingMm', 3, spacing => spacing >= 0.1 && spacing <= 20)
  requireNumbers(fields, 'shape', 3, side => Number.isInteger(side) && side >= 8 && side <= 512)
  requireNumbers(fields, 'huWindow', 2, () => true)
  requireNumbers(fields, 'outputRange', 2, () => true)
  const [low, high] = fields.huWindow as [number, number]
  if (low >= high) refuse(`the HU window [${low}, ${high}] is empty`)
  if (!Number.isFinite(fields.padHu)) refuse(`'padHu' is ${JSON.stringify(fields.padHu)}`)
  const labels = fields.labels
  const classes = { segment: config.seg_classes, classify: config.n_classes, pretrain: 0 }[task]
  if (
    !Array.isArray(labels) ||
    labels.length !== classes ||
    !labels.every(label => typeof label === 'string')
  )
    refuse(`${task} needs ${classes} labels and has ${JSON.stringify(labels)}`)
  const thresholds = fieldsOf(fields.thresholds, `networks.${task}.thresholds`)
  if (!Object.values(thresholds).every(Number.isFinite)) refuse(`a threshold of ${task} is no number`)
  if (task !== 'classify' && (fields.shape as number[]).some(side => side % 32 !== 0))
    refuse(`the tile [${(fields.shape as number[]).join(', ')}] has a side that is no multiple of 32`)
  if (fields.teacher !== undefined && !(task === 'pretrain' && typeof fields.teacher === 'boolean'))
    refuse(`'teacher' of ${task} is ${JSON.stringify(fields.teacher)}`)
  return fields as unknown as NetworkEntry
}

/**
 * Checks a model.json that has been parsed from JSON.
 * @throws InputError naming what is missing, out of range or from another schema version.
 */
export function parseManifest(value: unknown): ModelManifest {
  const fields = fieldsOf(value, 'the whole')
  if (fields.schemaVersion !== 1)
    refuse(`its schema version is ${JSON.stringify(fields.schemaVersion)}, 1 is expected`)
  for (const name of ['pipelineVersion', 'name', 'version', 'title', 'axes']) requireText(fields, name)
  const networks = fieldsOf(fields.networks, 'networks')
  const has = networkTasks.filter(task => networks[task])
  if (has.length === 0) refuse('it names no network')
  for (const task of has) parseEntry(networks[task], task)
  const weights = fieldsOf(fields.weights, 'weights')
  // A name with a slash would let a description fetch something beside its own folder.
  if (typeof weights.file !== 'string' || !/^[\w.-]+$/.test(weights.file) || weights.file.startsWith('.'))
    refuse(`the weights file is called ${JSON.stringify(weights.file)}`)
  if (!Number.isSafeInteger(weights.bytes) || (weights.bytes as number) <= 0)
    refuse(`the weights have ${JSON.stringify(weights.bytes)} bytes`)
  if (typeof weights.sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(weights.sha256))
    refuse('the weights have no SHA-256')
  fieldsOf(fields.provenance, 'provenance')
  const { remarks } = fields
  if (remarks !== undefined && !(Array.isArray(remarks) && remarks.every(one => typeof one === 'string')))
    refuse(`'remarks' is ${JSON.stringify(remarks)}, a list of sentences is expected`)
  return fields as unknown as ModelManifest
}

/** Shapes of everything in the weights file, by the names it has there: the network's prefix, then SPEC 9.1's name. */
export function weightShapes({ networks }: ModelManifest): ParameterShapes {
  const shapes: Record<string, readonly number[]> = {}
  const add = (prefix: string, { config }: NetworkEntry, parts: NetworkParts) => {
    for (const [name, shape] of Object.entries(parameterShapes(config, parts))) shapes[prefix + name] = shape
  }
  for (const task of networkTasks) {
    const entry = networks[task]
    if (entry) add(entry.prefix, entry, taskParts[task])
    if (entry?.teacher) add(teacherPrefix, entry, teacherParts)
  }
  return shapes
}

/** JSON with sorted keys and no spaces: the same description gives the same text wherever it was written. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
  return `{${entries.join(',')}}`
}

/** The model's identity: SHA-256 over the canonical description followed by the weights file's bytes. */
export async function modelIdentity(manifest: ModelManifest, weightsBytes: Uint8Array): Promise<string> {
  const text = new TextEncoder().encode(canonicalJson(manifest))
  const whole = new Uint8Array(text.length + weightsBytes.length)
  whole.set(text)
  whole.set(weightsBytes, text.length)
  return sha256(whole)
}
