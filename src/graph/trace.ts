// A recording tfjs backend: kernels compute nothing, each call becomes nodes of a graph. Whatever is written with tfjs
// functions is traced this way, gradients included, because tfjs builds the backward pass of the same kernel calls.
// What JavaScript decides while the function runs (sizes, loops, random numbers) is fixed in the graph.
import * as tf from '@tensorflow/tfjs-core'
import { GraphBuilder } from './builder.ts'
import type { ConstantData, Dtype, Graph } from './graph.ts'
import { constantData, sizeOf } from './graph.ts'
import { arrangementRules } from './kernels/arrangement.ts'
import { elementwiseRules } from './kernels/elementwise.ts'
import type { KernelRule, KernelRules } from './kernels/kernelRule.ts'
import { linearRules } from './kernels/linear.ts'
import { reductionRules } from './kernels/reduction.ts'

/** Name of the backend that is active while a function is traced. */
export const traceBackendName = 'trace'

/** Shape and type of an input of a traced function. */
export interface InputSpec {
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32'
}

type TracedFunction = (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>

const rules: KernelRules = { ...elementwiseRules, ...arrangementRules, ...reductionRules, ...linearRules }

function toData(
  values: tf.backend_util.TypedArray | readonly number[] | readonly boolean[],
  dtype: Dtype,
): ConstantData {
  const numbers = values as ArrayLike<number>
  if (dtype === 'float32') return Float32Array.from(numbers)
  return dtype === 'int32' ? Int32Array.from(numbers) : Uint8Array.from(numbers)
}

function checkedDtype(dtype: string): Dtype {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype
  throw new Error(`A tensor of type ${dtype} cannot be traced; use float32, int32 or bool.`)
}

class TraceBackend extends tf.KernelBackend {
  readonly graph = new GraphBuilder()
  private ids = new Map<object, number>()

  /** A new tfjs handle of a value of the graph. */
  handle(id: number): tf.TensorInfo {
    const dataId = {}
    this.ids.set(dataId, id)
    const { shape, dtype } = this.graph.info(id)
    return { dataId, shape: [...shape], dtype }
  }

  /** The value behind a tensor; tensors of other backends enter as constants. */
  idOf(tensor: tf.TensorInfo): number {
    if (!this.ids.has(tensor.dataId))
      this.write(tf.engine().readSync(tensor.dataId), tensor.shape, tensor.dtype, tensor.dataId)
    return this.ids.get(tensor.dataId)!
  }

  override write(
    values: tf.BackendValues | null,
    shape: number[],
    dtype: tf.DataType,
    dataId: object = {},
  ): object {
    const type = checkedDtype(dtype)
    const data = values === null ? new Float32Array(sizeOf(shape)) : (values as Float32Array)
    this.ids.set(dataId, this.graph.constant({ data: toData(data, type) }, { shape, dtype: type }))
    return dataId
  }

  override readSync(dataId: object): ConstantData {
    const id = this.ids.get(dataId)
    const constant = id === undefined ? undefined : this.graph.constants.get(id)
    if (id === undefined || !constant)
      throw new Error(
        'A traced function read the value of a tensor that is computed later; decide with tf.where, or make the value an input.',
      )
    return constantData(constant, this.graph.info(id))
  }

  override read(dataId: object): Promise<ConstantData> {
    return Promise.resolve(this.readSync(dataId))
  }

  // Handles live as long as the trace: tfjs disposes tensors whose values the graph still needs.
  override disposeData(): boolean {
    return true
  }
  override incRef(): void {}
  override refCount(): number {
    return 1
  }
  override numDataIds(): number {
    return 0
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true }
  }
  override floatPrecision(): 32 {
    return 32
  }
  override timerAvailable(): boolean {
    return false
  }
  override dispose(): void {
    this.ids.clear()
  }
}

function listInputs(
  rule: KernelRule,
  inputs: tf.NamedTensorInfoMap | tf.TensorInfo[],
): (tf.TensorInfo | undefined)[] {
  if (rule.inputs === 'list') return Object.values(inputs) as tf.TensorInfo[]
  const named = inputs as tf.NamedTensorInfoMap
  return rule.inputs.map(name => named[name.replace('?', '')] as tf.TensorInfo | undefined)
}

function registerKernels(): void {
  for (const [kernelName, rule] of Object.entries(rules)) {
    if (tf.getKernel(kernelName, traceBackendName)) continue
    tf.registerKernel({
      kernelName,
      backendName: traceBackendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const trace = backend as TraceBackend
        const ids = listInputs(rule, inputs).map(tensor => (tensor ? trace.idOf(tensor) : undefined))
        const outputs = rule.record(trace.graph, ids as number[], (attrs ?? {}) as Record<string, unknown>)
        const handles = outputs.map(id => trace.handle(id))
        return handles.length === 1 ? handles[0] : handles
      },
    })
  }
}

/**
 * Records `fn` as a graph. `fn` may use any tfjs operation whose kernels are known here, tf.grads and its relatives
 * (their registrations come with the `@tensorflow/tfjs` package), and tensors of other backends, which become constants.
 * @throws Error naming the kernel that has no rule, or saying that a value was read that is not known yet.
 */
export function traceGraph(fn: TracedFunction, inputs: Readonly<Record<string, InputSpec>>): Graph {
  registerKernels()
  const trace = new TraceBackend()
  const previous = tf.getBackend() as string | null
  tf.registerBackend(traceBackendName, () => trace)
  // Nothing of this backend is asynchronous, so it is set when the call returns.
  void tf.setBackend(traceBackendName)
  try {
    const outputs: Record<string, number> = {}
    tf.tidy(() => {
      const tensors = Object.entries(inputs).map(([name, { shape, dtype }]) => {
        const id = trace.graph.input(name, { shape: [...shape], dtype })
        return [name, tf.engine().makeTensorFromTensorInfo(trace.handle(id))] as const
      })
      for (const [name, tensor] of Object.entries(fn(Object.fromEntries(tensors))))
        outputs[name] = trace.idOf(tensor)
    })
    return trace.graph.finish(outputs)
  } finally {
    if (previous) void tf.setBackend(previous)
    tf.removeBackend(traceBackendName)
  }
}
