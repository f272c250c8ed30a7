// The attention lab in the compute worker: opens models to look into and runs what the lab asks of them.
import { throwIfCancelled } from '../base/errors.ts'
import { attend } from '../insight/attention.ts'
import { readCrop } from '../insight/labCrop.ts'
import type { LabModel } from '../insight/labModel.ts'
import { openLabModel, requireEntry, tasksWithAttention } from '../insight/labModel.ts'
import { reconstructCrop } from '../insight/reconstruction.ts'
import { taskParts } from '../network/model.ts'
import type { ModelRuntime } from '../prediction/openNetwork.ts'
import type { ModelPlaces } from '../prediction/steadyModel.ts'
import type { LabModelSummary, LabTasks, ModelSource } from './labProtocol.ts'
import { readModel } from './modelSource.ts'
import { modelPlaces } from './runtime.ts'
import type { Handlers, JobContext } from './serveTasks.ts'
import { sourceKey } from './sourceKey.ts'
import type { StageProgress } from './protocol.ts'

/** All programs of the lab share one GPU device; a lost one is asked for anew. */
let gpu: Promise<ModelRuntime | undefined> | undefined

const places: ModelPlaces = {
  openCpu: modelPlaces.openCpu,
  openGpu() {
    gpu ??= modelPlaces.openGpu().then(runtime => {
      if (runtime?.kind === 'plan') void runtime.device.lost.then(() => (gpu = undefined))
      return runtime
    })
    gpu.catch(() => (gpu = undefined))
    return gpu
  },
}

/** Two models are kept, so that two can be compared; the one that was used longest ago goes. */
const mostModels = 2
const models = new Map<string, Promise<LabModel>>()

/** The model of a source, opened at its first use; for every task of the lab. */
export function getLabModel(source: ModelSource): Promise<LabModel> {
  const key = sourceKey(source)
  const opened = models.get(key) ?? readModel(source).then(files => openLabModel(files, places))
  models.delete(key)
  models.set(key, opened)
  opened.catch(() => models.delete(key))
  for (const [old, model] of models) {
    if (models.size <= mostModels) break
    models.delete(old)
    void model.then(one => one.release())
  }
  return opened
}

function summarise({ manifest, identity }: LabModel): LabModelSummary {
  const { name, title, version } = manifest
  const networks = tasksWithAttention(manifest).map(task => {
    const { config, shape, spacingMm, huWindow, outputRange, teacher } = manifest.networks[task]!
    return {
      ...{ task, shape, spacingMm, huWindow, outputRange },
      heads: config.heads[2],
      hasTeacher: teacher === true,
      canReconstruct: taskParts[task].recHead === true,
    }
  })
  return { name, title, version, identity, networks }
}

/** Says what is being done and lets a cancel message in. */
export async function beginStep(
  { signal, report }: JobContext<StageProgress>,
  stage: string,
  done = 0,
  total = 1,
): Promise<void> {
  report({ stage, done, total })
  await new Promise(resolve => setTimeout(resolve, 0))
  throwIfCancelled(signal, 'The lab’s work')
}

export const labHandlers: Handlers<LabTasks> = {
  async openLabModel({ source }, context) {
    await beginStep(context, 'Opening the model')
    return { result: summarise(await getLabModel(source)) }
  },

  async attend({ source, volume, crop, query }, context) {
    await beginStep(context, 'Opening the model')
    const model = await getLabModel(source)
    await beginStep(context, 'Reading the region')
    const image = readCrop(volume, crop, requireEntry(model, query.task))
    await beginStep(context, 'Computing the attention')
    const maps = await attend(model, image, crop.shape, query)
    const result = { ...maps, image, crop, query, identity: model.identity }
    return { result, transfer: [image.buffer as ArrayBuffer] }
  },

  async reconstruct({ source, volume, crop, task, mask }, context) {
    await beginStep(context, 'Opening the model')
    const model = await getLabModel(source)
    await beginStep(context, 'Reading the region')
    const image = readCrop(volume, crop, requireEntry(model, task))
    await beginStep(context, 'Reconstructing')
    const result = { ...(await reconstructCrop(model, task, image, crop.shape, mask)), image }
    const transfer = [image.buffer, result.prediction.buffer] as ArrayBuffer[]
    return { result, transfer }
  },
}
