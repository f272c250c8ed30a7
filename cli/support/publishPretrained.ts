// Turns a pretraining run into a model folder of the installation.
import { pretrainedModel } from '../../src/training/pretrain/pretrainedModel.ts'
import type { RunStorage } from '../../src/training/run/storage.ts'
import { writeModelFolder } from './publishModel.ts'

/**
 * Writes MODELS/NAME from a pretraining run; into public/models where no other folder is given.
 * @throws InputError when the folder holds no run with a save, or the run lacks a part that a model has.
 */
export async function publishPretrained(
  name: string,
  storage: RunStorage,
  version: string,
  models?: string,
): Promise<void> {
  await writeModelFolder(await pretrainedModel(storage, { name, version }), models)
}
