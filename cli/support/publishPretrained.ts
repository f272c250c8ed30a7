// Turns a pretraining run into a model folder for the attention lab and for fine-tuning: the student with its
// reconstruction head, in half precision. The teacher, which follows the student, stays in the run.
import { InputError } from '../../src/base/errors.ts'
import { floatToHalf } from '../../src/base/half.ts'
import { taskParts, type NetworkEntry } from '../../src/network/model.ts'
import { parameterShapes } from '../../src/network/parameters.ts'
import { readSafetensorsData, type SafetensorsTensor } from '../../src/network/safetensors.ts'
import { readConfig } from '../../src/training/pretrain/runRecord.ts'
import { readSave } from '../../src/training/run/checkpoint.ts'
import type { RunStorage } from '../../src/training/run/storage.ts'
import { writeModelFolder } from './publishModel.ts'

/** HU outside a scan, as every network here takes it. */
const padHu = -1024

/**
 * Writes public/models/NAME from a pretraining run.
 * @throws InputError when the folder holds no run, or its checkpoint lacks a parameter.
 */
export async function publishPretrained(name: string, storage: RunStorage, version: string): Promise<void> {
  const config = await readConfig(storage)
  const save = await readSave(storage)
  if (!config || !save)
    throw new InputError('The folder holds no pretraining run with a saved checkpoint; train one first.')
  const { step, layout } = save
  const { tensors } = readSafetensorsData(layout)
  const { recipe, options, data, preset, sessions } = config
  const entry: NetworkEntry = {
    config: recipe.config,
    prefix: 'pretrain.',
    spacingMm: recipe.spacingMm,
    shape: recipe.cropShape,
    ...{ huWindow: recipe.huWindow, outputRange: recipe.outputRange, padHu, labels: [], thresholds: {} },
  }
  const names = Object.keys(parameterShapes(recipe.config, taskParts.pretrain))
  const half = (parameter: string): [string, SafetensorsTensor] => {
    const tensor = tensors[`student.${parameter}`]
    if (!tensor)
      throw new InputError(
        `The checkpoint lacks '${parameter}' of the student; only runs with semantic attention and reconstruction can be published.`,
      )
    const { shape } = tensor
    return [
      entry.prefix + parameter,
      { dtype: 'F16', shape, data: Uint16Array.from(tensor.data, floatToHalf) },
    ]
  }
  await writeModelFolder(
    {
      name,
      version,
      title: 'Pretrained without labels (SMART, synthetic scans)',
      remarks: [
        'Pretrained on small crops of synthetic chests for the attention lab: it finds and judges no nodules.',
      ],
      networks: { pretrain: entry },
      provenance: {
        notice: 'Research use — not for clinical use. Trained on synthetic scans only.',
        licence: 'Apache-2.0',
        commands: [
          `npm run pretrain -- --data ${data.join(' ')} --preset ${preset} --steps ${options.steps} --batch ${options.batch} --seed ${options.seed} --lr ${options.learningRate} --warmup ${options.warmupSteps} --masking ${options.masking} --teacher-momentum ${options.teacherMomentum} --out RUN`,
        ],
        runs: [{ kind: 'pretrain', preset, step, options, data, sessions, remark: recipe.remark }],
      },
    },
    Object.fromEntries(names.map(half)),
  )
}
