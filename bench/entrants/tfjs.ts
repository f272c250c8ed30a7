// tfjs 4.22, operation by operation: on WebGPU composed of its own operations ("plain": the backend's kernels copied
// before ours are registered), on WebGPU with our kernels eagerly, and on WASM.
import * as tf from '@tensorflow/tfjs-core'
// The gradients of tfjs's own operations.
import '@tensorflow/tfjs'
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { registerWebgpuBackend, type GpuDevice } from '../../src/kernels/device.ts'
import type { Values } from '../cases/case.ts'
import type { Entrant } from './entrant.ts'

const plainBackend = 'webgpu-plain'

/**
 * tfjs 4.22 on WebGPU refuses its Select beyond rank 4, and with it every gradient of a leaky ReLU on volumes: where the
 * three tensors have one shape, it is given them flat, so that there is a training step to compare with.
 */
function selectFlat(): void {
  const { kernelFunc } = tf.getKernel('Select', plainBackend)
  tf.unregisterKernel('Select', plainBackend)
  tf.registerKernel({
    kernelName: 'Select',
    backendName: plainBackend,
    kernelFunc: call => {
      const { condition, t, e } = call.inputs as Record<string, tf.TensorInfo>
      const isFlat = [t, e].every(({ shape }) => shape.join() === condition.shape.join())
      if (!isFlat || condition.shape.length <= 4) return kernelFunc(call)
      const flat = (tensor: tf.TensorInfo) => ({ ...tensor, shape: [tf.util.sizeFromShape(tensor.shape)] })
      const inputs = { condition: flat(condition), t: flat(t), e: flat(e) }
      const result = kernelFunc({ ...call, inputs }) as tf.TensorInfo
      return { ...result, shape: condition.shape }
    },
  })
}

/** Registers both WebGPU backends on one device; call it before anything else uses tfjs's. */
export function openTfjsBackends(gpu: GpuDevice): void {
  // Small tensors would silently be computed on the processor, which in Node must then wait for the GPU and cannot.
  tf.env().set('WEBGPU_CPU_FORWARD', false)
  tf.copyRegisteredKernels('webgpu', plainBackend)
  selectFlat()
  tf.registerBackend(plainBackend, () => new WebGPUBackend(gpu.device, gpu.adapterInfo))
  registerWebgpuBackend(gpu)
}

function tfjsEntrant(name: string, backend: string, finish: () => Promise<void>): Entrant {
  const activate = async () => {
    if (!(await tf.setBackend(backend))) throw new Error(`tfjs could not open its backend ${backend}.`)
    await tf.ready()
  }
  return {
    name,
    runsOn: backend === 'wasm' ? 'processor' : 'gpu',
    async prepare({ benchCase, values, compared }) {
      await activate()
      const inputs = Object.fromEntries(
        Object.entries(benchCase.inputs).map(([key, { shape, dtype }]) => [
          key,
          tf.tensor(values[key], [...shape], dtype),
        ]),
      )
      const compute = () => tf.tidy(() => benchCase.compute(inputs))
      return {
        ready: activate,
        async run() {
          const outputs = compute()
          await finish()
          tf.dispose(outputs)
        },
        async results() {
          const outputs = compute()
          const read: Record<string, Float32Array | Int32Array> = {}
          for (const key of compared) read[key] = (await outputs[key].data()) as Float32Array
          tf.dispose(outputs)
          return read satisfies Values
        },
        async release() {
          await activate()
          tf.dispose(inputs)
        },
      }
    },
  }
}

const finishOn = (device: GPUDevice) => async () => {
  const backend = tf.backend() as WebGPUBackend
  // As its own reading does it, in which the pass is ended by a copy.
  backend.ensureCommandEncoderReady()
  backend.endComputePassEncoder()
  backend.submitQueue()
  await device.queue.onSubmittedWorkDone()
}

export function tfjsWebgpuEntrants(device: GPUDevice): Entrant[] {
  return [
    tfjsEntrant('tfjs WebGPU, composed', plainBackend, finishOn(device)),
    tfjsEntrant('ours, eager in tfjs', 'webgpu', finishOn(device)),
  ]
}

/** The package @tensorflow/tfjs-backend-wasm must have been imported and told where its files are. */
export function tfjsWasmEntrant(): Entrant {
  return tfjsEntrant('tfjs WASM', 'wasm', () => Promise.resolve())
}
