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
    // tfjs's own WebGPU backend, which comes along, is only needed here: the CPU path does without it.
    const { describeAdapter, requestDevice } = await import('../kernels/device.ts')
    const { device, adapterInfo, isSoftware } = await requestDevice(navigator.gpu)
    if (isSoftware) {
      device.destroy()
      return cpuRuntime('no GPU found')
    }
    return { kind: 'plan', device, label: `this computer’s GPU (${describeAdapter(adapterInfo)})` }
  } catch {
    return cpuRuntime('the GPU could not be used')
  }
}
