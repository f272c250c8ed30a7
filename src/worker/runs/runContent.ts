// What a run's folder says about it, whatever its kind.
import { InputError } from '../../base/errors.ts'
import { readSave } from '../../training/run/checkpoint.ts'
import type { Session } from '../../training/run/environment.ts'
import { describeFinetuning, finetuneTitle } from '../../training/finetune/curves.ts'
import { readFinetuneConfig } from '../../training/finetune/runRecord.ts'
import { stepsOf } from '../../training/finetune/steps.ts'
import { pretrainTitle } from '../../training/pretrain/curves.ts'
import { describePretraining } from '../../training/pretrain/describe.ts'
import { readConfig } from '../../training/pretrain/runRecord.ts'
import { readJson, type RunStorage } from '../../training/run/storage.ts'
import type { RunFact, RunKind, RunSummary } from '../trainProtocol.ts'

export interface RunContent {
  readonly kind: RunKind
  readonly steps: number
  readonly data: readonly string[]
  readonly facts: readonly RunFact[]
  readonly sessions: readonly Session[]
  readonly missingBoxes: RunSummary['missingBoxes']
  /** Over its curves in a file. */
  readonly headline: string
}

/**
 * Undefined where the folder holds no run yet.
 * @throws InputError for a damaged record, and one of another version.
 */
export async function readContent(storage: RunStorage): Promise<RunContent | undefined> {
  const value = (await readJson(storage, 'config.json')) as { kind?: unknown } | undefined
  if (value === undefined) return undefined
  if (value.kind === 'pretrain') {
    const config = (await readConfig(storage))!
    const { options, data, sessions } = config
    return {
      ...{ kind: 'pretrain', steps: options.steps, data, sessions, missingBoxes: null },
      facts: describePretraining(config),
      headline: pretrainTitle(config),
    }
  }
  if (value.kind === 'finetune') {
    const { settings, crops, keepsCrops, sessions } = (await readFinetuneConfig(storage))!
    const { cases } = crops
    const what = cases.some(({ synthetic }) => synthetic) ? 'synthetic cases' : 'labelled cases'
    return {
      ...{ kind: 'finetune', steps: stepsOf(settings, cases), sessions },
      data: [`${cases.length} ${what}`],
      missingBoxes: keepsCrops
        ? null
        : { shape: crops.shape, spacingMm: crops.spacingMm, networkShape: settings.entry.shape },
      facts: describeFinetuning(settings),
      headline: finetuneTitle(settings, cases.length),
    }
  }
  throw new InputError(
    `This run is of the kind “${String(value.kind)}”, which this version does not know; use the version that wrote it.`,
  )
}

/** Updates that are saved: by the pointer alone, without reading the save. */
export async function savedSteps(storage: RunStorage): Promise<number> {
  const pointer = (await readJson(storage, 'latest.json')) as { step?: unknown } | undefined
  return Number.isInteger(pointer?.step) ? (pointer!.step as number) : 0
}

/** @throws InputError when the run could not be continued from what lies here. */
export async function requireWhole(storage: RunStorage): Promise<RunContent> {
  const content = await readContent(storage)
  if (!content) throw new InputError('There is no config.json in it, so it is no training run.')
  await readSave(storage)
  return content
}
