// Turns a pretraining run into a model for the attention lab and for fine-tuning: the student with its reconstruction
// head, in half precision. The teacher, which follows the student, stays in the run.
import { InputError } from '../../base/errors.ts'
import { floatToHalf } from '../../base/half.ts'
import { taskParts, type NetworkEntry } from '../../network/model.ts'
import { parameterShapes } from '../../network/parameters.ts'
import { readSafetensorsData, type SafetensorsTensor } from '../../network/safetensors.ts'
import { assembleModel, type AssembledModel } from '../../prediction/assembleModel.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import { readSave } from '../run/checkpoint.ts'
import { readJson, type RunStorage } from '../run/storage.ts'
import { readConfig, type RunConfig } from './runRecord.ts'

/** HU outside a scan, as every network here takes it. */
const padHu = -1024

export interface ModelName {
  readonly name: string
  readonly title?: string
  readonly version?: string
}

/** The student's parameters under the entry's prefix. @throws InputError when the checkpoint lacks one. */
function halfStudent(
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  { prefix, config }: NetworkEntry,
): Record<string, SafetensorsTensor> {
  const half = (parameter: string): [string, SafetensorsTensor] => {
    const tensor = tensors[`student.${parameter}`]
    if (!tensor)
      throw new InputError(
        `The checkpoint lacks '${parameter}' of the student; only runs with semantic attention and reconstruction can become a model.`,
      )
    const { shape } = tensor
    return [prefix + parameter, { dtype: 'F16', shape, data: Uint16Array.from(tensor.data, floatToHalf) }]
  }
  return Object.fromEntries(Object.keys(parameterShapes(config, taskParts.pretrain)).map(half))
}

/** The command of Node that makes such a run. */
function commandOf({ data, preset, options }: RunConfig): string {
  const { steps, batch, seed, learningRate, warmupSteps, masking, teacherMomentum } = options
  return `npm run pretrain -- --data ${data.join(' ')} --preset ${preset} --steps ${steps} --batch ${batch} --seed ${seed} --lr ${learningRate} --warmup ${warmupSteps} --masking ${masking} --teacher-momentum ${teacherMomentum} --out RUN`
}

/** Whether every case that the run has seen was synthetic. */
async function sawOnlySynthetic(storage: RunStorage): Promise<boolean> {
  const record = (await readJson(storage, 'data.json')) as { allSynthetic?: unknown } | undefined
  return record?.allSynthetic === true
}

/**
 * The model of the run's last save.
 * @throws InputError when there is no pretraining run with a save, or it lacks a parameter.
 */
export async function pretrainedModel(
  storage: RunStorage,
  { name, title, version = '0.1.0' }: ModelName,
): Promise<AssembledModel> {
  const config = await readConfig(storage)
  const save = await readSave(storage)
  if (!config || !save)
    throw new InputError('There is no pretraining run with a saved checkpoint here; train one first.')
  const { recipe, options, data, preset, sessions } = config
  const isSynthetic = await sawOnlySynthetic(storage)
  const scans = isSynthetic ? 'synthetic scans' : 'unlabelled scans'
  const pretrain: NetworkEntry = {
    config: recipe.config,
    prefix: 'pretrain.',
    spacingMm: recipe.spacingMm,
    shape: recipe.cropShape,
    ...{ huWindow: recipe.huWindow, outputRange: recipe.outputRange, padHu, labels: [], thresholds: {} },
  }
  const description = {
    ...{ name, version, title: title ?? `Pretrained without labels (SMART, ${scans})` },
    remarks: [
      `Pretrained on small crops of ${isSynthetic ? 'synthetic chests' : 'unlabelled scans'} for the attention lab: it finds and judges no nodules.`,
    ],
    networks: { pretrain },
    provenance: {
      kind: 'pretrain',
      parent: 'scratch',
      notice: `${researchNotice}. ${isSynthetic ? 'Trained on synthetic scans only.' : 'Trained without labels.'}`,
      licence: isSynthetic ? 'Apache-2.0' : undefined,
      commands: [commandOf(config)],
      runs: [{ kind: 'pretrain', preset, step: save.step, options, data, sessions, remark: recipe.remark }],
    },
  }
  return assembleModel(description, halfStudent(readSafetensorsData(save.layout).tensors, pretrain))
}
