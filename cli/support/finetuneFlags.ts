// The settings of a fine-tuning run on a command line: what is recommended for the data, and over it what is given.
import { InputError } from '../../src/base/errors.ts'
import type { CropSummary } from '../../src/training/finetune/requireSettings.ts'
import { recommendSettings, type KnownStart } from '../../src/training/finetune/recommend.ts'
import type {
  FinetuneMethod,
  FinetuneSettings,
  FinetuneTask,
  Validation,
} from '../../src/training/finetune/settings.ts'
import { parseCount, parseNumber } from './pretrainFlags.ts'

/** For parseArgs; what is not given is recommended from the data. */
export const finetuneFlags = {
  task: { type: 'string' },
  method: { type: 'string' },
  model: { type: 'string' },
  folds: { type: 'string' },
  'hold-out': { type: 'string' },
  labels: { type: 'string' },
  epochs: { type: 'string' },
  batch: { type: 'string' },
  accumulate: { type: 'string' },
  lr: { type: 'string' },
  warmup: { type: 'string' },
  'weight-decay': { type: 'string' },
  'layer-decay': { type: 'string' },
  rank: { type: 'string' },
  smoothing: { type: 'string' },
  patience: { type: 'string' },
  averaging: { type: 'string' },
  seed: { type: 'string' },
} as const

export type FinetuneFlags = { readonly [name in keyof typeof finetuneFlags]?: string }

function oneOf<T extends string>(flag: string, text: string | undefined, choices: readonly T[]): T {
  if (choices.includes(text as T)) return text as T
  throw new InputError(`--${flag} is “${text ?? ''}”; ${choices.join(', ')} is expected.`)
}

export function readTask({ task }: FinetuneFlags): FinetuneTask {
  return oneOf('task', task, ['segment', 'classify', 'respond'])
}

function readValidation(flags: FinetuneFlags, recommended: Validation): Validation {
  const { folds, 'hold-out': shares } = flags
  if (folds !== undefined && shares !== undefined)
    throw new InputError('--folds and --hold-out are two ways to validate; give one of them.')
  if (folds !== undefined) return { kind: 'folds', folds: parseCount('folds', folds) }
  if (shares === undefined) return recommended
  const [validation, test] = shares.split(',').map(text => parseNumber('hold-out', text))
  if (test === undefined)
    throw new InputError('--hold-out takes two shares, of validation and of test, as in --hold-out 0.15,0.2.')
  return { kind: 'holdout', validation, test }
}

/** The settings, and why those that were not given are what they are. */
export function readFinetuneSettings(
  flags: FinetuneFlags,
  data: CropSummary,
  start: KnownStart | null,
  device: string,
): { readonly settings: FinetuneSettings; readonly reasons: readonly string[] } {
  const facts = { kind: device === 'cpu' ? ('cpu' as const) : ('gpu' as const), threads: 1 }
  const { settings: base, reasons } = recommendSettings(data, readTask(flags), start, facts)
  const method: FinetuneMethod =
    flags.method === undefined
      ? base.method
      : oneOf('method', flags.method, ['probe', 'head', 'full', 'lora'])
  const again =
    method === base.method ? base : recommendSettings(data, base.task, start, facts, method).settings
  const number = (flag: keyof FinetuneFlags, value: number) =>
    flags[flag] === undefined ? value : parseNumber(flag, flags[flag])
  const count = (flag: keyof FinetuneFlags, value: number) =>
    flags[flag] === undefined ? value : parseCount(flag, flags[flag])
  const settings: FinetuneSettings = {
    ...again,
    validation: readValidation(flags, again.validation),
    labelShare: number('labels', 100 * again.labelShare) / 100,
    epochs: count('epochs', again.epochs),
    batch: count('batch', again.batch),
    accumulate: count('accumulate', again.accumulate),
    learningRate: number('lr', again.learningRate),
    warmupSteps: number('warmup', again.warmupSteps),
    weightDecay: number('weight-decay', again.weightDecay),
    layerDecay: number('layer-decay', again.layerDecay),
    loraRank: count('rank', again.loraRank),
    labelSmoothing: number('smoothing', again.labelSmoothing),
    patience: flags.patience === undefined ? again.patience : parseCount('patience', flags.patience),
    averaging: number('averaging', again.averaging),
    seed: number('seed', again.seed),
  }
  return { settings, reasons: method === base.method ? reasons : [] }
}
