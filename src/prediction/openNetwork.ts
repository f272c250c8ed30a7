// One network of a model made runnable: normalised HU in, the probability of one class out. Either traced once and
// compiled for ONNX Runtime (the CPU path), or run eagerly by whichever tfjs backend is active (WebGPU).
import * as tf from '@tensorflow/tfjs-core'
import { InputError } from '../base/errors.ts'
import type { Runtime } from '../graph/session.ts'
import { createSession } from '../graph/session.ts'
import { bindInputs } from '../graph/simplify.ts'
import { traceGraph } from '../graph/trace.ts'
import type { NetworkEntry } from '../network/model.ts'
import type { segmentLogits } from '../network/network.ts'
import type { Parameter } from './weights.ts'

/** tfjs operations run one by one on the active backend; the composition point has registered and chosen it. */
export interface EagerRuntime {
  readonly kind: 'eager'
  readonly label: string
}

export type ModelRuntime = Runtime | EagerRuntime

export interface OpenNetwork {
  /** Image [D,H,W] of the entry's shape, normalised → probability of the class, per voxel or one number. */
  run(image: Float32Array): Promise<Float32Array>
  release(): Promise<void>
}

export interface NetworkPlan {
  readonly entry: NetworkEntry
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly forward: typeof segmentLogits
  /** Which of the entry's labels the probability is of. */
  readonly label: string
}

/** @throws InputError when the entry has no such label or the weights lack a parameter. */
export function openNetwork(plan: NetworkPlan, runtime: ModelRuntime): Promise<OpenNetwork> {
  return runtime.kind === 'onnx' ? openCompiled(plan, runtime) : Promise.resolve(openEager(plan))
}

async function openCompiled(plan: NetworkPlan, runtime: Runtime): Promise<OpenNetwork> {
  const named = Object.entries(plan.parameters)
  const graph = traceGraph(
    ({ image, ...parameters }) => ({ probability: probabilityOf(plan, parameters, image) }),
    {
      image: { shape: imageShape(plan), dtype: 'float32' },
      ...Object.fromEntries(named.map(([name, { shape }]) => [name, { shape, dtype: 'float32' }])),
    },
  )
  const values = Object.fromEntries(named.map(([name, { data }]) => [name, data]))
  const session = await createSession(bindInputs(graph, values), runtime)
  return {
    run: async image => (await session.run({ image })).probability.data as Float32Array,
    release: () => session.release(),
  }
}

function openEager(plan: NetworkPlan): OpenNetwork {
  const parameters = Object.fromEntries(
    Object.entries(plan.parameters).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
  )
  return {
    async run(image) {
      const probability = tf.tidy(() => probabilityOf(plan, parameters, tf.tensor(image, imageShape(plan))))
      try {
        return (await probability.data()) as Float32Array
      } finally {
        probability.dispose()
      }
    },
    release() {
      tf.dispose(parameters)
      return Promise.resolve()
    },
  }
}

function imageShape({ entry }: NetworkPlan): number[] {
  return [1, ...entry.shape, entry.config.in_chans]
}

/** Softmax probability of the plan's class over the last axis, flat. For two classes it is the sigmoid of a difference. */
function probabilityOf(
  plan: NetworkPlan,
  parameters: Record<string, tf.Tensor>,
  image: tf.Tensor,
): tf.Tensor {
  const { entry, forward, label } = plan
  const classIndex = entry.labels.indexOf(label)
  if (classIndex < 0) {
    throw new InputError(
      `The model names the classes ${entry.labels.join(', ')}, but one called '${label}' is expected; use a model made for this program.`,
    )
  }
  const logits = forward(parameters, image, entry.config)
  const classes = entry.labels.length
  const rows = tf.reshape(logits, [-1, classes]) as tf.Tensor2D
  const probability =
    classes === 2
      ? tf.sigmoid(tf.matMul(rows, tf.tensor2d(classIndex === 1 ? [-1, 1] : [1, -1], [2, 1])))
      : tf.slice(tf.softmax(rows), [0, classIndex], [-1, 1])
  return tf.reshape(probability, [-1])
}
