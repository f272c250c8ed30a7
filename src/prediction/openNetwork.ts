// One network of a model made runnable: normalised HU in, the probability of one class or of all out. Traced once and compiled for
// ONNX Runtime (the CPU path) or for WebGPU.
import * as tf from '@tensorflow/tfjs-core'
import { InputError } from '../base/errors.ts'
import { voxelCount } from '../base/shape.ts'
import type { Graph } from '../graph/graph.ts'
import type { Runtime, Session } from '../graph/session.ts'
import { createSession } from '../graph/session.ts'
import { bindInputs } from '../graph/simplify.ts'
import { traceGraph } from '../graph/trace.ts'
import { compilePlan, type Plan } from '../graph/webgpu/plan.ts'
import { profileText } from '../graph/webgpu/profileTable.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import type { NetworkEntry } from '../network/model.ts'
import type { segmentLogits } from '../network/network.ts'
import type { Parameter } from './weights.ts'

export type ModelRuntime = Runtime | PlanRuntime

export interface OpenNetwork {
  /** Image [D,H,W] of the entry's shape, normalised → probability of the class, per voxel or of the crop; of all classes in order. */
  run(image: Float32Array): Promise<Float32Array>
  release(): Promise<void>
}

export interface NetworkPlan {
  readonly entry: NetworkEntry
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly forward: typeof segmentLogits
  /** Which of the entry's labels the probability is of; undefined for all, in order. */
  readonly label: string | undefined
}

/** @throws InputError when the entry has no such label or the weights lack a parameter; Error when the GPU lacks memory. */
export async function openNetwork(plan: NetworkPlan, runtime: ModelRuntime): Promise<OpenNetwork> {
  const named = Object.entries(plan.parameters)
  const graph = traceGraph(
    ({ image, ...parameters }) => ({ probability: probabilityOf(plan, parameters, image) }),
    {
      image: { shape: imageShape(plan), dtype: 'float32' },
      ...Object.fromEntries(named.map(([name, { shape }]) => [name, { shape, dtype: 'float32' }])),
    },
    { keepKernels: runtime.kind === 'plan' },
  )
  const values = Object.fromEntries(named.map(([name, { data }]) => [name, data]))
  const session = await openSession(bindInputs(graph, values), runtime)
  if (runtime.kind === 'plan' && runtime.onProfile) await profile(session as Plan, plan, runtime.onProfile)
  return {
    run: async image => (await session.run({ image })).probability.data as Float32Array,
    release: async () => session.release(),
  }
}

function openSession(graph: Graph, runtime: ModelRuntime): Promise<Session | Plan> {
  if (runtime.kind === 'onnx') return createSession(graph, runtime)
  const { device, tiles, storage } = runtime
  return compilePlan(graph, device, { tiles, storage })
}

/** Times one run on an image of zeros: what a network costs does not depend on what it sees. */
async function profile(session: Plan, plan: NetworkPlan, onProfile: (table: string) => void): Promise<void> {
  const image = new Float32Array(voxelCount(plan.entry.shape) * plan.entry.config.in_chans)
  await session.run({ image }) // programs are loaded, caches are warm
  const name = plan.entry.prefix.replace(/\.$/, '')
  await session.profile({ image }).then(
    times => onProfile(profileText(name, times)),
    (error: unknown) => onProfile(`${name}: ${error instanceof Error ? error.message : String(error)}`),
  )
}

function imageShape({ entry }: NetworkPlan): number[] {
  return [1, ...entry.shape, entry.config.in_chans]
}

/** Softmax probability of the plan's class, or of all, over the last axis, flat. For two classes it is the sigmoid of a difference. */
function probabilityOf(
  plan: NetworkPlan,
  parameters: Record<string, tf.Tensor>,
  image: tf.Tensor,
): tf.Tensor {
  const { entry, forward, label } = plan
  const classIndex = label === undefined ? undefined : entry.labels.indexOf(label)
  if (classIndex === -1) {
    throw new InputError(
      `The model names the classes ${entry.labels.join(', ')}, but one called '${label}' is expected; use a model made for this program.`,
    )
  }
  const logits = forward(parameters, image, entry.config)
  const classes = entry.labels.length
  const rows = tf.reshape(logits, [-1, classes]) as tf.Tensor2D
  if (classIndex === undefined) return tf.reshape(tf.softmax(rows), [-1])
  const probability =
    classes === 2
      ? tf.sigmoid(tf.matMul(rows, tf.tensor2d(classIndex === 1 ? [-1, 1] : [1, -1], [2, 1])))
      : tf.slice(tf.softmax(rows), [0, classIndex], [-1, 1])
  return tf.reshape(probability, [-1])
}
