// config.json of a run's folder, whatever its kind: what it says of itself is checked before anything of it is believed.
import { InputError } from '../../base/errors.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import type { Session } from './environment.ts'
import { readJson, writeJson, type RunStorage } from './storage.ts'

export const configFile = 'config.json'
const schemaVersion = 1

const kindNames = { pretrain: 'a pretraining run', finetune: 'a fine-tuning run' } as const
type Kind = keyof typeof kindNames

/** What every kind of run has in its record. */
export interface ConfigHead<K extends Kind = Kind> {
  readonly schemaVersion: number
  readonly kind: K
  readonly notice: string
  /** Where it was computed, stretch by stretch. */
  readonly sessions: readonly Session[]
}

/** The record, or undefined where no run was begun. @throws InputError when it is of another kind or version. */
export async function readRunConfig<Config extends ConfigHead>(
  storage: RunStorage,
  kind: Config['kind'],
): Promise<Config | undefined> {
  const value = await readJson(storage, configFile)
  if (value === undefined) return undefined
  const config = value as Partial<Config>
  if (config.kind !== kind)
    throw new InputError(
      `This is a run of kind '${config.kind ?? 'unknown'}'; ${kindNames[kind]} is expected. Choose another one.`,
    )
  if (config.schemaVersion !== schemaVersion)
    throw new InputError(
      `This run was written by another version of this program (schema version ${config.schemaVersion ?? 'unknown'}, ${schemaVersion} is expected); continue it with that version, or begin a new run.`,
    )
  return config as Config
}

/** Writes the record with the stretches of the run so far. */
export function writeRunConfig(
  storage: RunStorage,
  kind: Kind,
  content: object,
  sessions: readonly Session[],
): Promise<void> {
  const head = { schemaVersion, kind, notice: researchNotice }
  return writeJson(storage, configFile, { ...head, ...content, sessions })
}
