// Turns a pretraining run into a model for the attention lab and for fine-tuning, in half precision: the student with its
// reconstruction head, and the momentum teacher, whose attention chose the masks, beside it.
import { InputError } from '../../base/errors.ts'
import { floatToHalf } from '../../base/half.ts'
import { taskParts, teacherParts, teacherPrefix, type NetworkEntry } from '../../network/model.ts'
import { parameterShapes, type NetworkParts, type ParameterValues } from '../../network/parameters.ts'
import type { SafetensorsTensor } from '../../network/safetensors.ts'
import { assembleModel, requireModelName, type AssembledModel } from '../../prediction/assembleModel.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import { loadState } from '../run/checkpoint.ts'
import { readJson, type RunStorage } from '../run/storage.ts'
import { flattenState } from '../stepGraph.ts'
import { commandOf } from './commandOf.ts'
import { isOn } from './options.ts'
import { stateShapes } from './pretrainUpdates.ts'
import { readConfig, type RunConfig } from './runRecord.ts'

/** HU outside a scan, as every network here takes it. */
const padHu = -1024

export interface ModelName {
  readonly name: string
  readonly title?: string
  readonly version?: string
}

/** @throws InputError where the run trains too little to be looked into. */
function requireParts({ options }: RunConfig): void {
  const { semanticStage } = options
  if (semanticStage === 3 && isOn(options, 'amip')) return
  const lacks =
    semanticStage === null
      ? 'has no semantic attention'
      : semanticStage === 3
        ? 'reconstructs nothing (the weight of AMIP is 0)'
        : `reads its semantic attention at stage ${semanticStage}`
  throw new InputError(
    `This run ${lacks}, but a model needs semantic attention at stage 3 and reconstruction. Pretrain with both, or pass the run itself on as a file.`,
  )
}

/** Parameters of one of the run's networks under the names of a model, in half precision. */
function halfParameters(
  state: ParameterValues,
  group: 'student' | 'teacher',
  prefix: string,
  { config }: NetworkEntry,
  parts: NetworkParts,
): Record<string, SafetensorsTensor> {
  return Object.fromEntries(
    Object.entries(parameterShapes(config, parts)).map(([name, shape]) => [
      prefix + name,
      { dtype: 'F16' as const, shape, data: Uint16Array.from(state[`${group}.${name}`], floatToHalf) },
    ]),
  )
}

/** Whether every case that the run has seen was synthetic. */
async function sawOnlySynthetic(storage: RunStorage): Promise<boolean> {
  const record = (await readJson(storage, 'data.json')) as { allSynthetic?: unknown } | undefined
  return record?.allSynthetic === true
}

function remarksOf({ options }: RunConfig, step: number, isSynthetic: boolean): string[] {
  return [
    `Pretrained on small crops of ${isSynthetic ? 'synthetic chests' : 'unlabelled scans'} for the attention lab: it finds and judges no nodules.`,
    ...(step < options.steps
      ? [`The run has made ${step} of ${options.steps} updates; the model is that of its last save.`]
      : []),
  ]
}

/**
 * The model of the run's last save.
 * @throws InputError when there is no pretraining run with a save, it is damaged, the run lacks a part that a model has, or
 * the name cannot be one.
 */
export async function pretrainedModel(
  storage: RunStorage,
  { name, title, version = '0.1.0' }: ModelName,
): Promise<AssembledModel> {
  requireModelName(name)
  const run = await readConfig(storage)
  if (run) requireParts(run)
  const save = run && (await loadState(storage, flattenState(stateShapes(run.recipe, run.options))))
  if (!save)
    throw new InputError('There is no pretraining run with a saved checkpoint here; train one first.')
  const { recipe, options, data, preset, sessions } = run
  const isSynthetic = await sawOnlySynthetic(storage)
  const scans = isSynthetic ? 'synthetic scans' : 'unlabelled scans'
  const seen = isSynthetic ? 'synthetic chests; no patient’s data took part' : 'unlabelled scans'
  const pretrain: NetworkEntry = {
    ...{ config: recipe.config, prefix: 'pretrain.', teacher: true },
    ...{ spacingMm: recipe.spacingMm, shape: recipe.cropShape },
    ...{ huWindow: recipe.huWindow, outputRange: recipe.outputRange, padHu, labels: [], thresholds: {} },
  }
  const description = {
    ...{ name, version, title: title ?? `Pretrained without labels (SMART, ${scans})` },
    remarks: remarksOf(run, save.step, isSynthetic),
    networks: { pretrain },
    provenance: {
      kind: 'pretrain',
      parent: 'scratch',
      notice: `${researchNotice}. ${isSynthetic ? 'Trained on synthetic scans only.' : 'Trained without labels.'}`,
      licence: isSynthetic ? 'Apache-2.0' : undefined,
      data: `Crops of ${seen}: ${data.join(', ')}.`,
      commands: [commandOf(run)],
      runs: [{ kind: 'pretrain', preset, step: save.step, options, data, sessions, remark: recipe.remark }],
    },
  }
  return assembleModel(description, {
    ...halfParameters(save.tensors, 'student', pretrain.prefix, pretrain, taskParts.pretrain),
    ...halfParameters(save.tensors, 'teacher', teacherPrefix, pretrain, teacherParts),
  })
}
