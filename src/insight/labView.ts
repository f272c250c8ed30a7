// A view of the lab that can be kept and given away: everything that it follows from, and nothing of a patient. Flat, so
// that a file (JSON) and a link (the page's hash) hold the same fields.
import { InputError } from '../base/errors.ts'
import { RESEARCH_USE } from './exportTables.ts'

type Numbers = readonly [number, number, number]

export interface LabView {
  /** Name and SHA-256 of the model. */
  readonly model: string
  readonly identity: string
  readonly network: string
  readonly role: string
  /** The region's side as a multiple of the model's own, and its centre; RAS mm. */
  readonly scale: number
  readonly centre: Numbers
  /** RAS mm: which slices are shown. */
  readonly crosshair: Numbers
  /** 0 is the mean over heads. */
  readonly head: number
  readonly colours: string
  /** Share of patches that fall, 0 for a clean image, and their seed. */
  readonly noise: number
  readonly noiseSeed: number
  readonly r: number
  readonly s: number
  /** Of masks that are drawn by chance. */
  readonly seed: number
  readonly mask: string
  /** What is painted over the scan. */
  readonly shows: string
  readonly plane: string
  readonly layout: string
  /** Width and level, HU. */
  readonly window: readonly [number, number]
  readonly opacity: number
  /** Id of the demo case; empty for a scan of one's own. */
  readonly demo: string
  /** Voxels (D,H,W) of the scan: tells a wrong scan apart, not a patient. */
  readonly scan: Numbers
}

type Fields = Record<string, unknown>

function refuse(what: string): never {
  throw new InputError(
    `This view cannot be restored: ${what}. Choose a view file or link that this program wrote.`,
  )
}

function text(fields: Fields, name: string, pattern: RegExp): string {
  const value = fields[name]
  if (typeof value !== 'string' || !pattern.test(value)) refuse(`'${name}' is ${JSON.stringify(value)}`)
  return value
}

function numbers(fields: Fields, name: string, count: number, low: number, high: number): number[] {
  const value = fields[name]
  // A link holds a list as text.
  const list = Array.isArray(value)
    ? value.map(Number)
    : String(value ?? 'nothing')
        .split(',')
        .map(Number)
  if (list.length !== count || !list.every(one => Number.isFinite(one) && one >= low && one <= high))
    refuse(`'${name}' is ${JSON.stringify(value)}, ${count} numbers from ${low} to ${high} are expected`)
  return list
}

const whole = (fields: Fields, name: string, low: number, high: number) =>
  Math.round(numbers(fields, name, 1, low, high)[0])

/** @throws InputError naming the first field that is missing or makes no sense. */
export function parseView(value: unknown): LabView {
  if (typeof value !== 'object' || value === null) refuse('it holds no fields')
  const f = value as Fields
  const triple = (name: string, limit: number) => numbers(f, name, 3, -limit, limit) as unknown as Numbers
  return {
    model: text(f, 'model', /^[\w.-]{1,80}$/),
    identity: text(f, 'identity', /^[0-9a-f]{64}$/),
    network: text(f, 'network', /^(segment|classify|pretrain)$/),
    role: text(f, 'role', /^(student|teacher)$/),
    scale: whole(f, 'scale', 1, 3),
    centre: triple('centre', 1e5),
    crosshair: triple('crosshair', 1e5),
    head: whole(f, 'head', 0, 64),
    colours: text(f, 'colours', /^(value|rank)$/),
    noise: numbers(f, 'noise', 1, 0, 0.95)[0],
    noiseSeed: whole(f, 'noiseSeed', 0, 2 ** 31 - 1),
    r: numbers(f, 'r', 1, 0, 1)[0],
    s: numbers(f, 's', 1, 0, 1)[0],
    seed: whole(f, 'seed', 0, 2 ** 31 - 1),
    mask: text(f, 'mask', /^(attention|low-attention|random|cube|block)$/),
    shows: text(f, 'shows', /^[a-z]{1,20}$/),
    plane: text(f, 'plane', /^(axial|coronal|sagittal)$/),
    layout: text(f, 'layout', /^(axial-large|quad|volume|axial|coronal|sagittal)$/),
    window: numbers(f, 'window', 2, -5000, 10_000) as unknown as readonly [number, number],
    opacity: numbers(f, 'opacity', 1, 0, 1)[0],
    demo: text(f, 'demo', /^$|^demo-\d+$/),
    scan: triple('scan', 1e5),
  }
}

const VERSION = 1
const MARKER = '#lab?'

/** The content of a view file. */
export function viewFile(view: LabView): string {
  return JSON.stringify({ schemaVersion: VERSION, notice: RESEARCH_USE, view }, null, 2)
}

/** @throws InputError when the text is no view file. */
export function readViewFile(content: string): LabView {
  let file: unknown
  try {
    file = JSON.parse(content)
  } catch {
    refuse('the file is no JSON')
  }
  const { schemaVersion, view } = (file ?? {}) as Fields
  if (schemaVersion !== VERSION)
    refuse(`its schema version is ${JSON.stringify(schemaVersion)}, ${VERSION} is expected`)
  return parseView(view)
}

/** The hash of a link that restores the view. */
export function viewHash(view: LabView): string {
  const fields = Object.entries(view).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : String(value),
  ])
  return MARKER + new URLSearchParams([['v', String(VERSION)], ...fields]).toString()
}

/** The view of a page's hash; undefined where the hash is none of a view. @throws InputError when it is damaged. */
export function readViewHash(hash: string): LabView | undefined {
  if (!hash.startsWith(MARKER)) return undefined
  const fields = Object.fromEntries(new URLSearchParams(hash.slice(MARKER.length)))
  if (fields.v !== String(VERSION))
    refuse(`its version is ${JSON.stringify(fields.v)}, ${VERSION} is expected`)
  return parseView(fields)
}
