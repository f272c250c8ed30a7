// Runs a plan: uploads, one submit, reads back. Runs follow each other; nobody sees half of one.
import { sizeOf } from '../graph.ts'
import type { ValueInfo } from '../graph.ts'
import type { FeedData, RunResult } from '../session.ts'
import { recordCommands, recordTimed, type Commands } from './commands.ts'
import { storedAs } from './expressions.ts'
import type { GraphFacts } from './graphFacts.ts'
import type { PlanBuffers } from './planBuffers.ts'
import type { Storage, StoredPlace } from './storage.ts'
import type { Task } from './task.ts'

export interface TaskTime {
  readonly label: string
  readonly kind: Task['kind']
  readonly milliseconds: number
}

interface RunnerSetup {
  readonly facts: GraphFacts
  readonly tasks: readonly Task[]
  readonly storage: Storage
  readonly resident: ReadonlySet<string>
  /** Output name → input name. */
  readonly state: Readonly<Record<string, string>>
}

interface Copy {
  readonly from: StoredPlace
  readonly to: StoredPlace
}

/** WebGPU's largest query set holds 4096, two a task. */
const mostTimedTasks = 2048

export class PlanRunner {
  private readonly fed = new Set<string>()
  private readonly staging = new Map<StoredPlace, GPUBuffer>()
  /** State that could not be written in place. */
  private readonly copies: readonly Copy[]
  private last: Promise<unknown> = Promise.resolve()
  private isAccepted = false

  constructor(
    private readonly device: GPUDevice,
    private readonly buffers: PlanBuffers,
    private readonly commands: Commands,
    private readonly setup: RunnerSetup,
  ) {
    this.copies = Object.entries(setup.state).flatMap(([output, input]) => {
      const [from, to] = [this.outputPlace(output), this.inputPlace(input)]
      return from === to ? [] : [{ from, to }]
    })
  }

  private inputPlace(name: string): StoredPlace {
    return this.setup.storage.places.get(this.setup.facts.graph.inputs[name])!
  }

  private outputPlace(name: string): StoredPlace {
    const { facts, storage } = this.setup
    return storage.places.get(facts.owner(facts.graph.outputs[name]))!
  }

  run(
    feeds: Readonly<Record<string, FeedData>>,
    wanted: readonly string[] = this.outputNames().filter(name => !Object.hasOwn(this.setup.state, name)),
  ): Promise<Record<string, RunResult>> {
    return this.inTurn(async () => {
      this.upload(feeds)
      const { outputs, values } = this.setup.facts.graph
      return this.submit(
        encoder => recordCommands(encoder, this.commands),
        wanted.map(name => ({ name, place: this.outputPlace(name), info: values[outputs[name]] })),
      )
    })
  }

  readState(names: readonly string[]): Promise<Record<string, RunResult>> {
    return this.inTurn(async () => {
      const { inputs, values } = this.setup.facts.graph
      for (const name of names)
        if (!this.setup.resident.has(name))
          throw new Error(
            `Plan.readState: the input '${name}' does not stay on the device; name resident inputs.`,
          )
      const ports = names.map(name => ({ name, place: this.inputPlace(name), info: values[inputs[name]] }))
      return this.read(ports, this.device.createCommandEncoder())
    })
  }

  profile(feeds: Readonly<Record<string, FeedData>>): Promise<readonly TaskTime[]> {
    return this.inTurn(async () => {
      if (!this.device.features.has('timestamp-query'))
        throw new Error(
          'This device offers no timestamps (timestamp-query), so that tasks cannot be timed on it.',
        )
      this.upload(feeds)
      const times: TaskTime[] = []
      for (let first = 0; first < this.setup.tasks.length; first += mostTimedTasks)
        times.push(
          ...(await this.timeTasks(first, Math.min(first + mostTimedTasks, this.setup.tasks.length))),
        )
      const encoder = this.device.createCommandEncoder()
      this.recordCopies(encoder)
      this.device.queue.submit([encoder.finish()])
      return times
    })
  }

  private async timeTasks(first: number, end: number): Promise<TaskTime[]> {
    const count = 2 * (end - first)
    const querySet = this.device.createQuerySet({ type: 'timestamp', count })
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC
    const resolved = this.device.createBuffer({ size: 8 * count, usage })
    const staging = this.makeStaging(8 * count)
    const encoder = this.device.createCommandEncoder()
    for (let task = first; task < end; task++) {
      const commands = this.commands.list.filter(command => command.task === task)
      recordTimed(encoder, commands, querySet, 2 * (task - first))
    }
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0)
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count)
    this.device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    const nanoseconds = new BigUint64Array(staging.getMappedRange().slice(0))
    for (const each of [querySet, resolved, staging]) each.destroy()
    return this.setup.tasks.slice(first, end).map(({ label, kind }, at) => ({
      ...{ label, kind },
      milliseconds: Number(nanoseconds[2 * at + 1] - nanoseconds[2 * at]) / 1e6,
    }))
  }

  private outputNames(): string[] {
    return Object.keys(this.setup.facts.graph.outputs)
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(() => {
      this.buffers.requireLive()
      return work()
    })
    this.last = result.catch(() => undefined)
    return result
  }

  private upload(feeds: Readonly<Record<string, FeedData>>): void {
    const { inputs, values } = this.setup.facts.graph
    for (const [name, id] of Object.entries(inputs)) {
      const data = feeds[name]
      if (!data) {
        if (this.setup.resident.has(name) && this.fed.has(name)) continue
        throw new Error(`Plan.run: the input '${name}' is missing.`)
      }
      requireFit(name, values[id], data)
      this.buffers.write(this.inputPlace(name), data)
      this.fed.add(name)
    }
  }

  private recordCopies(encoder: GPUCommandEncoder): void {
    for (const { from, to } of this.copies)
      encoder.copyBufferToBuffer(this.buffers.of(from), from.offset, this.buffers.of(to), to.offset, to.bytes)
  }

  private async submit(record: (encoder: GPUCommandEncoder) => void, ports: readonly Port[]) {
    // What is refused is refused every time, and a refused submit leaves old numbers: the first run asks.
    const isChecked = this.isAccepted
    if (!isChecked) this.device.pushErrorScope('validation')
    const encoder = this.device.createCommandEncoder()
    record(encoder)
    this.recordCopies(encoder)
    const reading = this.read(ports, encoder)
    const [results, error] = await Promise.all([reading, isChecked ? null : this.device.popErrorScope()])
    if (error) throw new Error(`The GPU refuses the plan, so that nothing was computed: ${error.message}`)
    this.isAccepted = true
    return results
  }

  private makeStaging(size: number): GPUBuffer {
    return this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  }

  /** Adds the copies of `ports` to the encoder, submits, and waits for them. */
  private async read(ports: readonly Port[], encoder: GPUCommandEncoder): Promise<Record<string, RunResult>> {
    for (const { place } of ports) {
      let copy = this.staging.get(place)
      if (!copy) {
        copy = this.makeStaging(place.bytes)
        this.staging.set(place, copy)
        this.buffers.own(copy)
      }
    }
    const distinct = [...new Set(ports.map(port => port.place))]
    for (const place of distinct)
      encoder.copyBufferToBuffer(
        this.buffers.of(place),
        place.offset,
        this.staging.get(place)!,
        0,
        place.bytes,
      )
    this.device.queue.submit([encoder.finish()])
    if (distinct.length === 0) await this.device.queue.onSubmittedWorkDone()
    await Promise.all(distinct.map(place => this.staging.get(place)!.mapAsync(GPUMapMode.READ)))
    const bytes = new Map(
      distinct.map(place => [place, this.staging.get(place)!.getMappedRange().slice(0)] as const),
    )
    for (const place of distinct) this.staging.get(place)!.unmap()
    const results = ports.map(({ name, place, info: { shape, dtype } }) => {
      // Two names may stand for one value; each gets numbers of its own.
      const own = bytes.get(place)!.slice(0)
      const data = storedAs(dtype) === 'float32' ? new Float32Array(own) : new Int32Array(own)
      return [name, { data, shape }] as const
    })
    return Object.fromEntries(results)
  }
}

interface Port {
  readonly name: string
  readonly place: StoredPlace
  readonly info: ValueInfo
}

function requireFit(name: string, { shape, dtype }: ValueInfo, data: FeedData): void {
  const wanted = storedAs(dtype) === 'int32' ? Int32Array : Float32Array
  if (data instanceof wanted && data.length === sizeOf(shape)) return
  throw new Error(
    `Plan.run: the input '${name}' needs ${sizeOf(shape)} values of type ${dtype}, but ${data.length} came in a ${data.constructor.name}.`,
  )
}
