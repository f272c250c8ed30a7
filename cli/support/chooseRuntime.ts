// Which device a command's networks run on: --device auto|webgpu|cpu.
import { InputError } from '../../src/base/errors.ts'
import type { ModelRuntime } from '../../src/prediction/openNetwork.ts'
import { loadNodeRuntime } from './nodeRuntime.ts'

export interface ChosenRuntime {
  readonly runtime: ModelRuntime
  /** A sentence for the user where the choice needs one. */
  readonly remark?: string
}

/** `auto`: WebGPU on a real GPU, the CPU otherwise. @throws InputError for another word, or WebGPU without adapter. */
export async function chooseRuntime(device: string): Promise<ChosenRuntime> {
  if (!['auto', 'webgpu', 'cpu'].includes(device)) {
    throw new InputError(`--device is '${device}', but auto, webgpu or cpu is expected.`)
  }
  if (device === 'cpu') return { runtime: await loadNodeRuntime() }
  try {
    const { requestNodeDevice } = await import('./nodeGpu.ts')
    const gpu = await requestNodeDevice()
    const runtime: ModelRuntime = { kind: 'plan', device: gpu.device, label: gpu.label }
    if (!gpu.isSoftware) return { runtime }
    if (device === 'auto') return { runtime: await loadNodeRuntime() }
    const remark = 'WebGPU runs on a software adapter here, which is far slower than --device cpu.'
    return { runtime, remark }
  } catch (error) {
    if (device === 'auto') return { runtime: await loadNodeRuntime() }
    throw new InputError(
      'WebGPU is not available in Node here: the optional package webgpu and a GPU driver are expected; use --device cpu.',
      String(error),
    )
  }
}
