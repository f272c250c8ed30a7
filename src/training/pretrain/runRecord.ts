// What a pretraining run's folder says about it: config.json (settings and where it was computed) and data.json (what it
// saw, by content). Neither names a file or a patient.
import { InputError } from '../../base/errors.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import { readRunConfig, writeRunConfig, type ConfigHead } from '../run/config.ts'
import type { Session } from '../run/environment.ts'
import { readJson, writeJson, type RunStorage } from '../run/storage.ts'
import type { OpenCase } from './cases.ts'
import type { PretrainOptions } from './options.ts'
import type { PretrainRecipe, Preset } from './recipe.ts'
import type { CropPlan } from './viewStream.ts'

/** Of data.json. */
const schemaVersion = 1
const dataFile = 'data.json'

/** Everything that decides what a run computes, but for the data itself. */
export interface PretrainSettings {
  readonly preset: Preset
  readonly recipe: PretrainRecipe
  readonly options: PretrainOptions
  readonly plan: CropPlan
  readonly caseCount: number
  /** What the cases are, in words without names: 'phantom:train', '12 volumes'. */
  readonly data: readonly string[]
  /** Memory for open cases. */
  readonly memoryBytes: number
}

export interface RunConfig extends PretrainSettings, ConfigHead<'pretrain'> {}

/** The run's record, or undefined where none was begun. @throws InputError when it is of another kind or version. */
export const readConfig = (storage: RunStorage): Promise<RunConfig | undefined> =>
  readRunConfig<RunConfig>(storage, 'pretrain')

/** Writes the record with the stretches of the run so far. */
export function writeConfig(
  storage: RunStorage,
  { preset, recipe, options, plan, caseCount, data, memoryBytes }: PretrainSettings,
  sessions: readonly Session[],
): Promise<void> {
  const settings = { preset, recipe, options, plan, caseCount, data, memoryBytes }
  return writeRunConfig(storage, 'pretrain', settings, sessions)
}

interface SeenCase {
  readonly index: number
  readonly identity: string
  readonly synthetic: boolean
}

/** The cases that a run has seen so far. */
export class SeenCases {
  private readonly seen = new Map<number, SeenCase>()

  static async read(storage: RunStorage): Promise<SeenCases> {
    const value = (await readJson(storage, dataFile)) as { cases?: readonly SeenCase[] } | undefined
    const cases = new SeenCases()
    for (const one of value?.cases ?? []) cases.seen.set(one.index, one)
    return cases
  }

  /** @throws InputError when a case of this number had another content before: the run would not be what it says. */
  note(index: number, { identity, synthetic }: OpenCase): void {
    const known = this.seen.get(index)
    if (known && known.identity !== identity)
      throw new InputError(
        `Case ${index + 1} is not the volume that the run saw under this number before; give the same volumes in the same folders as when it was begun.`,
      )
    this.seen.set(index, { index, identity, synthetic })
  }

  write(storage: RunStorage): Promise<void> {
    const cases = [...this.seen.values()].sort((a, b) => a.index - b.index)
    const allSynthetic = cases.every(({ synthetic }) => synthetic)
    return writeJson(storage, dataFile, { schemaVersion, notice: researchNotice, allSynthetic, cases })
  }
}
