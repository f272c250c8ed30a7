// A model opened for a command on the device that it names: --device auto|webgpu|cpu.
import { InputError } from '../../src/base/errors.ts'
import { loadModel, type LoadedModel } from '../../src/prediction/loadModel.ts'
import { openSteadyModel } from '../../src/prediction/steadyModel.ts'
import type { TrainPlaces } from '../../src/training/steadyStep.ts'
import { readModelFiles } from './modelFiles.ts'
import type { NodeGpu } from './nodeGpu.ts'
import { loadNodeRuntime } from './nodeRuntime.ts'

export interface OpenedModel {
  readonly model: LoadedModel
  /** Where it runs, in words. */
  readonly runtime: { readonly label: string }
  /** A sentence for the user where the choice needs one. */
  readonly remark?: string
}

/**
 * `onProfile` gets a table of where each network's time goes on a GPU.
 * `auto`: a real GPU that agrees with the CPU, the CPU otherwise; `webgpu` and `cpu`: that one, or not at all.
 * @throws InputError for another word, WebGPU without adapter, or a model that is not there or damaged.
 */
export async function openModel(
  name: string,
  device: string,
  onProfile?: (table: string) => void,
): Promise<OpenedModel> {
  if (onProfile && device === 'cpu')
    throw new InputError('--profile shows the times of WebGPU programs: use it with --device webgpu or auto.')
  if (!['auto', 'webgpu', 'cpu'].includes(device))
    throw new InputError(`--device is '${device}', but auto, webgpu or cpu is expected.`)
  const files = await readModelFiles(name)
  const cpu = await loadNodeRuntime()
  if (device === 'cpu') return { model: await loadModel(files, cpu), runtime: cpu }
  if (device === 'webgpu') {
    const gpu = await requestGpu()
    const runtime = { kind: 'plan' as const, device: gpu.device, label: gpu.label, onProfile }
    const remark = gpu.isSoftware
      ? 'WebGPU runs on a software adapter here, which is far slower than --device cpu.'
      : undefined
    return { model: await loadModel(files, runtime), runtime, remark }
  }
  let isTried = false
  const model = await openSteadyModel(files, {
    async openGpu() {
      // Dawn does not survive a second device in one process.
      if (isTried) return undefined
      isTried = true
      const gpu = await requestGpu().catch(() => undefined)
      return gpu && !gpu.isSoftware
        ? { kind: 'plan', device: gpu.device, label: gpu.label, onProfile }
        : undefined
    },
    openCpu: () => cpu,
  })
  return { model, runtime: model.runtime }
}

/** Where a command trains: `cpu`, or `webgpu` and the CPU once that has failed. @throws InputError for another word. */
export function openTrainPlaces(device: string, threads?: number): TrainPlaces {
  if (!['webgpu', 'cpu'].includes(device))
    throw new InputError(`--device is '${device}', but webgpu or cpu is expected.`)
  return {
    async openGpu() {
      if (device === 'cpu') return undefined
      const gpu = await requestGpu()
      return { kind: 'plan', device: gpu.device, label: gpu.label }
    },
    openCpu: () => loadNodeRuntime(threads),
  }
}

async function requestGpu(): Promise<NodeGpu> {
  try {
    const { requestNodeDevice } = await import('./nodeGpu.ts')
    return await requestNodeDevice()
  } catch (error) {
    throw new InputError(
      'WebGPU is not available in Node here: the optional package webgpu and a GPU driver are expected; use --device cpu.',
      String(error),
    )
  }
}
