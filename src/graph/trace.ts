// A recording tfjs backend: kernels compute nothing, each call becomes nodes of a graph. Whatever is written with tfjs
// functions is traced this way, gradients included, because tfjs builds the backward pass of the same kernel calls.
// What JavaScript decides while the function runs (sizes, loops, random numbers) is fixed in the graph.
import * as tf from '@tensorflow/tfjs-core'
import type { GpuKernel } from '../kernels/gpuKernel.ts'
import { gpuKernels } from '../kernels/kernelList.ts'
import { registerKernelGradients } from '../kernels/register.ts'
import { GraphBuilder } from './builder.ts'
import type { Attributes, ConstantData, Dtype, Graph } from './graph.ts'
import { constantData, sizeOf } from './graph.ts'
import { arrangementRules } from './kernels/arrangement.ts'
import { elementwiseRules } from './kernels/elementwise.ts'
import type { KernelRule, KernelRules } from './kernels/kernelRule.ts'
import { linearRules } from './kernels/linear.ts'
import { reductionRules } from './kernels/reduction.ts'

/** Name of the backend that is active while a function is traced. */
export const traceBackendName = 'trace'
/** The same for a graph that is to keep our kernels whole: tf.getKernel finds them under this name alone. */
export const traceWholeBackendName = 'trace-whole'

export interface TraceOptions {
  /**
   * Records a call of one of our kernels as one node, for WebGPU; otherwise it is recorded as the tfjs operations that
   * its reference is composed of, for ONNX. Default: false.
   */
  readonly keepKernels?: boolean
}

/** Which inputs of a kernel of ours a node gives, by number, where optional ones are missing. */
export const givenInputs = 'givenInputs'

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
  names: KernelRule['inputs'],
  inputs: tf.NamedTensorInfoMap | tf.TensorInfo[],
): (tf.TensorInfo | undefined)[] {
  if (names === 'list') return Object.values(inputs) as tf.TensorInfo[]
  const named = inputs as tf.NamedTensorInfoMap
  return names.map(name => named[name.replace('?', '')] as tf.TensorInfo | undefined)
}

type RecordCall = (
  graph: GraphBuilder,
  inputs: (number | undefined)[],
  attributes: object,
) => readonly number[]

/** One of our kernels as one node; all outputs are float32. */
const recordWhole =
  (kernel: GpuKernel): RecordCall =>
  (graph, inputs, attributes) => {
    const present = inputs.filter(id => id !== undefined)
    const given = inputs.flatMap((id, at) => (id === undefined ? [] : [at]))
    const noted: Attributes = present.length < inputs.length ? { [givenInputs]: given } : {}
    const named = { ...attributes } as Attributes
    const shapes = kernel.shapes(
      inputs.map(id => (id === undefined ? undefined : graph.info(id).shape)),
      named as Parameters<GpuKernel['shapes']>[1],
    )
    const infos = shapes.map(shape => ({ shape: [...shape], dtype: 'float32' as const }))
    return graph.add(kernel.name, present, { ...named, ...noted }, infos)
  }

function register(
  backendName: string,
  kernelName: string,
  names: KernelRule['inputs'],
  record: RecordCall,
): void {
  if (tf.getKernel(kernelName, backendName)) return
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const trace = backend as TraceBackend
      const ids = listInputs(names, inputs).map(tensor => (tensor ? trace.idOf(tensor) : undefined))
      const handles = record(trace.graph, ids, attrs ?? {}).map(id => trace.handle(id))
      return handles.length === 1 ? handles[0] : handles
    },
  })
}

function registerKernels(backendName: string): void {
  for (const [name, rule] of Object.entries(rules))
    register(backendName, name, rule.inputs, (graph, ids, attributes) =>
      rule.record(graph, ids as number[], attributes as Readonly<Record<string, unknown>>),
    )
  if (backendName !== traceWholeBackendName) return
  registerKernelGradients()
  for (const kernel of gpuKernels) register(backendName, kernel.name, kernel.inputs, recordWhole(kernel))
}

/**
 * Records `fn` as a graph. `fn` may use any tfjs operation whose kernels are known here, tf.grads and its relatives
 * (their registrations come with the `@tensorflow/tfjs` package), and tensors of other backends, which become constants.
 * @throws Error naming the kernel that has no rule, or saying that a value was read that is not known yet.
 */
export function traceGraph(
  fn: TracedFunction,
  inputs: Readonly<Record<string, InputSpec>>,
  { keepKernels = false }: TraceOptions = {},
): Graph {
  const backendName = keepKernels ? traceWholeBackendName : traceBackendName
  registerKernels(backendName)
  const trace = new TraceBackend()
  const previous = tf.getBackend() as string | null
  tf.registerBackend(backendName, () => trace)
  // Nothing of this backend is asynchronous, so it is set when the call returns.
  void tf.setBackend(backendName)
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
    tf.removeBackend(backendName)
  }
}
