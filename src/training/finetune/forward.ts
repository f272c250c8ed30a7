// What a network says of crops while it is trained: one compiled graph whose weights come in with every run, on the
// device that trains, or on the CPU once that has failed.
import * as tf from '@tensorflow/tfjs-core'
import { voxelCount } from '../../base/shape.ts'
import { createSession, type FeedData, type Runtime } from '../../graph/session.ts'
import { simplify } from '../../graph/simplify.ts'
import { traceGraph, type InputSpec } from '../../graph/trace.ts'
import { compilePlan } from '../../graph/webgpu/plan.ts'
import type { PlanRuntime } from '../../graph/webgpu/runtime.ts'
import { semanticStage } from '../../network/config.ts'
import { encode } from '../../network/encoder.ts'
import { classificationFeatures } from '../../network/heads.ts'
import type { NetworkEntry } from '../../network/model.ts'
import { classifyLogits, segmentLogits } from '../../network/network.ts'
import type { ParameterShapes, ParameterTensors, ParameterValues } from '../../network/parameters.ts'
import { semanticAttention } from '../../network/semanticAttention.ts'
import type { TrainPlaces } from '../steadyStep.ts'
import type { FinetuneTask } from './settings.ts'

/** The places of a run, and the one that was opened last: a second device would cost its memory twice. */
export class SharedPlaces implements TrainPlaces {
  current: Runtime | PlanRuntime | undefined

  constructor(private readonly places: TrainPlaces) {}

  async openGpu(): Promise<Runtime | PlanRuntime | undefined> {
    const opened = await this.places.openGpu()
    this.current = opened ?? this.current
    return opened
  }

  async openCpu(why: string): Promise<Runtime> {
    const opened = await this.places.openCpu(why)
    this.current = opened
    return opened
  }
}

/** [B,D,H,W,1] and parameters → rows of numbers, [B, width]. */
export type ForwardFunction = (p: ParameterTensors, images: tf.Tensor) => tf.Tensor

/** Softmax probabilities [B,K]; of a segmentation those of the lesion, [B, D·H·W]. */
export function probabilitiesOf(task: FinetuneTask, { config }: NetworkEntry): ForwardFunction {
  if (task !== 'segment') return (p, images) => tf.softmax(classifyLogits(p, images, config))
  return (p, images) => {
    const [B, D, H, W] = images.shape
    const shares = tf.softmax(segmentLogits(p, images, config)) // [B, D, H, W, 2]
    return tf.reshape(tf.slice(shares, [0, 0, 0, 0, 1], [B, D, H, W, 1]), [B, -1])
  }
}

/** What the classification head reads, [B, 12C]. */
export function featuresOf({ config }: NetworkEntry): ForwardFunction {
  return (p, images) => {
    const { feat } = encode(p, images, config)
    const { cls } = semanticAttention(p, feat[semanticStage(config)], config)
    return classificationFeatures(feat[3], cls)
  }
}

export interface ForwardSetup {
  readonly forward: ForwardFunction
  readonly shapes: ParameterShapes
  readonly entry: NetworkEntry
  /** Crops of one run. */
  readonly batch: number
  readonly places: SharedPlaces
  readonly onNotice: (notice: string) => void
}

interface Opened {
  readonly runtime: Runtime | PlanRuntime
  run(images: Float32Array, values: ParameterValues): Promise<FeedData>
  release(): Promise<void> | void
}

export class Forward {
  private opened: Opened | undefined
  private isOnCpu = false

  constructor(private readonly setup: ForwardSetup) {}

  /** One row for each image [D·H·W], by these parameters. */
  async run(images: readonly Float32Array[], values: ParameterValues): Promise<Float32Array[]> {
    const { batch, entry } = this.setup
    const voxels = voxelCount(entry.shape)
    const rows: Float32Array[] = []
    for (let first = 0; first < images.length; first += batch) {
      const some = images.slice(first, first + batch)
      const fed = new Float32Array(batch * voxels)
      some.forEach((image, at) => fed.set(image, at * voxels))
      const result = await this.insist(fed, values)
      const width = result.length / batch
      some.forEach((_, at) => rows.push(Float32Array.from(result.subarray(at * width, (at + 1) * width))))
    }
    return rows
  }

  async release(): Promise<void> {
    await this.opened?.release()
    this.opened = undefined
  }

  /** On the device that trains; where that fails, on the CPU from then on. */
  private async insist(images: Float32Array, values: ParameterValues): Promise<FeedData> {
    try {
      return await (await this.open()).run(images, values)
    } catch (error) {
      if (this.opened?.runtime.kind === 'onnx') throw error
      this.isOnCpu = true
      await Promise.resolve(this.opened?.release()).catch(() => undefined)
      this.opened = undefined
      const cause = error instanceof Error ? error.message : String(error)
      this.setup.onNotice(
        `The GPU failed while cases were judged; they are judged on the CPU from here on. (${cause})`,
      )
      return (await this.open()).run(images, values)
    }
  }

  private async open(): Promise<Opened> {
    const { places } = this.setup
    const wanted =
      this.isOnCpu || !places.current
        ? await places.openCpu('the cases are judged on the CPU')
        : places.current
    if (this.opened && (this.isOnCpu || this.opened.runtime === wanted)) return this.opened
    await this.release()
    this.opened = await this.compile(wanted)
    return this.opened
  }

  private async compile(runtime: Runtime | PlanRuntime): Promise<Opened> {
    const { forward, shapes, entry, batch } = this.setup
    const floats = (shape: readonly number[]): InputSpec => ({ shape: [...shape], dtype: 'float32' })
    const traced = traceGraph(
      ({ images, ...p }) => ({ rows: forward(p, images) }),
      {
        images: floats([batch, ...entry.shape, 1]),
        ...Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, floats(shape)])),
      },
      { keepKernels: runtime.kind === 'plan' },
    )
    const graph = simplify(traced)
    const names = Object.keys(graph.inputs).filter(name => name !== 'images')
    if (runtime.kind === 'onnx') {
      const session = await createSession(graph, runtime)
      return {
        runtime,
        run: async (images, values) => (await session.run({ ...values, images })).rows.data,
        release: () => session.release(),
      }
    }
    const plan = await compilePlan(graph, runtime.device, { resident: names, tiles: runtime.tiles })
    let sent: ParameterValues | undefined
    return {
      runtime,
      async run(images, values) {
        const weights = sent === values ? {} : Object.fromEntries(names.map(name => [name, values[name]]))
        sent = values
        return (await plan.run({ ...weights, images }, ['rows'])).rows.data
      },
      release: () => plan.release(),
    }
  }
}
