// Turns a pretraining run into a model folder of the installation.
import { pretrainedModel } from '../../src/training/pretrain/pretrainedModel.ts'
import type { RunStorage } from '../../src/training/run/storage.ts'
import { writeModelFolder } from './publishModel.ts'

/**
 * Writes public/models/NAME from a pretraining run.
 * @throws InputError when the folder holds no run, or its checkpoint lacks a parameter.
 */
export async function publishPretrained(name: string, storage: RunStorage, version: string): Promise<void> {
  await writeModelFolder(await pretrainedModel(storage, { name, version }))
}
