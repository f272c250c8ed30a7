// Where the compute worker's networks run: a real GPU where there is one, the CPU otherwise. Which of them a model uses is
// decided by `openSteadyModel`, which compares them.
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import type { ModelPlaces } from '../prediction/steadyModel.ts'
import { cpuRuntime } from './ortRuntime.ts'
import { profilingWorker } from './protocol.ts'
import { openProgramMemory } from './programMemory.ts'

/** A GPU that was opened to be named and is not yet used. */
let spare: PlanRuntime | undefined

async function openDevice(): Promise<PlanRuntime | undefined> {
  if (!navigator.gpu || !(await navigator.gpu.requestAdapter())) return undefined
  // tfjs's own WebGPU backend, which comes along, is only needed here: the CPU path does without it.
  const { describeAdapter, requestDevice } = await import('../kernels/device.ts')
  const { device, adapterInfo, isSoftware } = await requestDevice(navigator.gpu)
  if (isSoftware) {
    device.destroy()
    return undefined
  }
  const opened: PlanRuntime = {
    kind: 'plan',
    device,
    label: `this computer’s GPU (${describeAdapter(adapterInfo)})`,
    ...(self.name === profilingWorker && { onProfile: (table: string) => console.log(table) }),
  }
  void device.lost.then(() => {
    if (spare === opened) spare = undefined
  })
  return opened
}

export const modelPlaces: ModelPlaces = {
  async openGpu() {
    const opened = spare ?? (await openDevice())
    spare = undefined
    return opened
  },
  openCpu: cpuRuntime,
  programMemory: openProgramMemory(),
}

/** Where a model will be tried first, in words. */
export async function describePlace(): Promise<string> {
  try {
    spare ??= await openDevice()
  } catch {
    // The model's own opening says why.
    return cpuRuntime('the GPU could not be used').label
  }
  return spare?.label ?? cpuRuntime('no GPU found').label
}

/** Whether a model will be tried on a real GPU first. */
export async function hasGpu(): Promise<boolean> {
  await describePlace()
  return spare !== undefined
}
