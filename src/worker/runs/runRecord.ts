// What the page remembers of a run beside what its folder holds in Node too: a title, and where its data comes from. No
// name of a file, no identifier of a patient: a volume is known by the hash of its grid and HU.
import { InputError } from '../../base/errors.ts'
import type { Triple } from '../../base/shape.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import type { Split } from '../../training/phantomCrops.ts'
import { readJson, writeJson, type RunStorage } from '../../training/run/storage.ts'
import type { RunKind } from '../trainProtocol.ts'

const schemaVersion = 1
export const recordFile = 'run.json'

/** One case, or all phantoms of a split, in the order in which the run counts them. */
export type DataPart =
  | { readonly kind: 'phantom'; readonly split: Split }
  | {
      readonly kind: 'demo'
      readonly seed: number
      readonly shape: Triple
      readonly spacingMm: Triple
      readonly identity: string
    }
  | {
      readonly kind: 'volume'
      readonly identity: string
      readonly shape: Triple
      readonly spacingMm: Triple
      readonly synthetic: boolean
    }

export interface RunRecord {
  readonly kind: RunKind
  readonly title: string
  /** ISO 8601. */
  readonly createdAt: string
  /** Empty where the run's folder holds its data itself. */
  readonly parts: readonly DataPart[]
  readonly saveEvery: number
}

/** Undefined where the folder is no run of this page. @throws InputError for one of another version. */
export async function readRecord(storage: RunStorage): Promise<RunRecord | undefined> {
  const value = (await readJson(storage, recordFile)) as (RunRecord & { schemaVersion?: number }) | undefined
  if (value === undefined) return undefined
  if (value.schemaVersion !== schemaVersion || !['pretrain', 'finetune'].includes(value.kind))
    throw new InputError(
      `This run was written by another version of this program (schema version ${value.schemaVersion ?? 'unknown'}, ${schemaVersion} is expected); use that version, or begin a new run.`,
    )
  return value
}

export function writeRecord(storage: RunStorage, record: RunRecord): Promise<void> {
  return writeJson(storage, recordFile, { schemaVersion, notice: researchNotice, ...record })
}

/** What the parts are, in words without names; as Node's command says it. */
export function describeParts(parts: readonly DataPart[]): string[] {
  const volumes = parts.filter(({ kind }) => kind === 'volume').length
  const words = parts.flatMap(part => {
    if (part.kind === 'phantom') return [`phantom:${part.split}`]
    return part.kind === 'demo' ? [`synthetic chest ${part.seed}`] : []
  })
  return volumes === 0 ? words : [...words, `${volumes} volume${volumes === 1 ? '' : 's'}`]
}

/** A volume as a person may recognise it. */
export function describeVolume({ shape, spacingMm }: { shape: Triple; spacingMm: Triple }): string {
  const [d, h, w] = shape
  const mm = [...spacingMm].reverse().map(side => String(Number(side.toFixed(2))))
  return `${w} × ${h} × ${d} voxels of ${mm.join(' × ')} mm`
}

/** Names a folder and says nothing. */
export function newRunId(): string {
  const digits = [...crypto.getRandomValues(new Uint8Array(8))].map(byte =>
    byte.toString(16).padStart(2, '0'),
  )
  return `run-${digits.join('')}`
}

export const isRunId = (folder: string): boolean => /^run-[0-9a-f]{16}$/.test(folder)
