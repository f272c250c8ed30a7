// Where the compute worker's networks run: a real GPU where there is one and it works, the CPU otherwise.
import type { ModelRuntime } from '../prediction/openNetwork.ts'
import { cpuRuntime } from './ortRuntime.ts'

let chosen: Promise<ModelRuntime> | undefined

/** The runtime of this worker, chosen once. */
export function chooseRuntime(): Promise<ModelRuntime> {
  chosen ??= openGpu()
  return chosen
}

/** After the GPU has failed: from now on the CPU. */
export function giveUpGpu(): void {
  chosen = Promise.resolve(cpuRuntime('the GPU failed'))
}

async function openGpu(): Promise<ModelRuntime> {
  if (!navigator.gpu || !(await navigator.gpu.requestAdapter())) return cpuRuntime('no GPU found')
  try {
    // Most of tfjs is only needed here: the CPU path does without it.
    const { describeAdapter, registerWebgpuBackend, requestDevice } = await import('../kernels/device.ts')
    const gpu = await requestDevice(navigator.gpu)
    if (gpu.isSoftware) {
      gpu.device.destroy()
      return cpuRuntime('no GPU found')
    }
    const tf = await import('@tensorflow/tfjs-core')
    registerWebgpuBackend(gpu)
    if (!(await tf.setBackend('webgpu'))) return cpuRuntime('the GPU could not be used')
    await tf.ready()
    return { kind: 'eager', label: `this computer’s GPU (${describeAdapter(gpu.adapterInfo)})` }
  } catch {
    return cpuRuntime('the GPU could not be used')
  }
}
