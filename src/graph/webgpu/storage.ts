// Which value of a lowered graph lies where, and how much memory that takes: known before anything is allocated.
import { floatToHalf } from '../../base/half.ts'
import { constantData, sizeOf } from '../graph.ts'
import type { Graph } from '../graph.ts'
import { placeItems, type Arena, type ArenaLimits, type Item } from './arena.ts'
import type { Lowered } from './lower.ts'

/** Kinds of buffers; values of different kinds never share one. */
export const storageKinds = ['constants', 'resident', 'arena'] as const
export type StorageKind = (typeof storageKinds)[number]

/** Bytes that a plan takes on the device, exactly. */
export interface Forecast extends Readonly<Record<StorageKind, number>> {
  /** Copies of outputs on their way to the processor, when all are asked for. */
  readonly readback: number
  readonly uniforms: number
  readonly total: number
}

export interface StoredPlace {
  readonly kind: StorageKind
  readonly buffer: number
  readonly offset: number
  readonly bytes: number
  /** Whether numbers are stored as halves of single-precision ones. */
  readonly isHalf: boolean
}

export interface Storage {
  /** By owner; an output that takes an input's place has the same one. */
  readonly places: ReadonlyMap<number, StoredPlace>
  /** Scratch buffers of each task. */
  readonly scratch: readonly (readonly StoredPlace[])[]
  /** Bytes of each buffer. */
  readonly buffers: Readonly<Record<StorageKind, readonly number[]>>
}

interface Wanted {
  readonly kind: StorageKind
  readonly bytes: number
  readonly isHalf: boolean
  first: number
  last: number
  readonly apart: Set<Wanted>
}

/** Bytes of `count` numbers; what is bound is a multiple of four bytes. */
const bytesOf = (count: number, isHalf: boolean) => (isHalf ? 4 * Math.ceil(count / 2) : 4 * count)

/** Everything that needs memory, with its lifetime in task numbers; what lives before and after all has −1 and `end`. */
class Wants {
  readonly byOwner = new Map<number, Wanted>()
  readonly scratch: Wanted[][] = []

  constructor(
    private readonly graph: Graph,
    private readonly halves: ReadonlySet<number>,
    private readonly end: number,
  ) {}

  add(owner: number, kind: StorageKind, first: number, last: number): Wanted {
    const isHalf = this.halves.has(owner)
    const bytes = bytesOf(sizeOf(this.graph.values[owner].shape), isHalf)
    const wanted = { kind, bytes, isHalf, first, last, apart: new Set<Wanted>() }
    this.byOwner.set(owner, wanted)
    return wanted
  }

  /** The storage that a task reads; constants appear when they are read first. */
  read(owner: number, task: number): Wanted {
    const wanted = this.byOwner.get(owner) ?? this.add(owner, 'constants', -1, this.end)
    wanted.last = Math.max(wanted.last, task)
    return wanted
  }

  all(): Wanted[] {
    return [...new Set([...this.byOwner.values(), ...this.scratch.flat()])]
  }
}

function keepApart(read: readonly Wanted[], written: readonly Wanted[], isSingle: boolean): void {
  written.forEach((one, at) => {
    const others = isSingle ? read : [...read, ...written.slice(at + 1)]
    for (const other of others) {
      if (other === one) continue
      one.apart.add(other)
      other.apart.add(one)
    }
  })
}

function collectWants(
  { facts, tasks }: Lowered,
  resident: ReadonlySet<string>,
  halves: ReadonlySet<number>,
): Wants {
  const { graph } = facts
  const end = tasks.length
  const wants = new Wants(graph, halves, end)
  for (const [name, id] of Object.entries(graph.inputs)) {
    if (resident.has(name)) wants.add(id, 'resident', -1, end)
    else wants.add(id, 'arena', -1, -1)
  }
  tasks.forEach(({ inputs, outputs, replaces, emission }, task) => {
    const present = inputs.filter(id => id !== undefined)
    const replaced = new Set(replaces.values())
    const read = present.filter(id => !replaced.has(id)).map(id => wants.read(id, task))
    const written = outputs.map(id => {
      const source = replaces.get(id)
      if (source === undefined) return wants.add(id, 'arena', task, task)
      const place = wants.read(source, task)
      wants.byOwner.set(id, place)
      return place
    })
    const scratch = emission.scratch.map((floats): Wanted => ({
      kind: 'arena',
      bytes: 4 * floats,
      isHalf: false,
      first: task,
      last: task,
      apart: new Set(),
    }))
    wants.scratch.push(scratch)
    keepApart(read, [...written, ...scratch], emission.isSingle)
  })
  for (const id of Object.values(graph.outputs)) wants.read(facts.owner(id), end)
  return wants
}

/**
 * `halves`: owners of the values that are stored as halves.
 * @throws Error when a value is larger than a buffer of the device may be.
 */
export function layOut(
  lowered: Lowered,
  resident: ReadonlySet<string>,
  halves: ReadonlySet<number>,
  limits: ArenaLimits,
): Storage {
  const wants = collectWants(lowered, resident, halves)
  const all = wants.all()
  const places = new Map<Wanted, StoredPlace>()
  const buffers = {} as Record<StorageKind, readonly number[]>
  for (const kind of storageKinds) {
    const group = all.filter(wanted => wanted.kind === kind)
    const numbers = new Map(group.map((wanted, at) => [wanted, at]))
    const items = group.map(({ bytes, first, last, apart }): Item => ({
      ...{ bytes, first, last },
      apart: new Set([...apart].flatMap(other => numbers.get(other) ?? [])),
    }))
    const arena: Arena = placeItems(items, limits)
    group.forEach((wanted, at) =>
      places.set(wanted, { kind, bytes: wanted.bytes, isHalf: wanted.isHalf, ...arena.places[at] }),
    )
    buffers[kind] = arena.bufferBytes
  }
  return {
    places: new Map([...wants.byOwner].map(([owner, wanted]) => [owner, places.get(wanted)!])),
    scratch: wants.scratch.map(list => list.map(wanted => places.get(wanted)!)),
    buffers,
  }
}

/** The bytes to write into a stored constant, a multiple of four. */
export function constantBytes(
  graph: Graph,
  id: number,
  { isHalf, bytes }: StoredPlace,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  const info = graph.values[id]
  const data = constantData(graph.constants.get(id)!, info)
  if (!isHalf) return info.dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data)
  const halves = new Uint16Array(bytes / 2)
  data.forEach((value, at) => (halves[at] = floatToHalf(value)))
  return halves
}
