// What a run has given so far: scores of the cases that were held out, and the model that is kept.
import { InputError } from '../../base/errors.ts'
import type { ModelManifest, NetworkEntry } from '../../network/model.ts'
import type { ParameterValues } from '../../network/parameters.ts'
import { readSafetensors, writeSafetensors, type SafetensorsTensor } from '../../network/safetensors.ts'
import { sha256 } from '../../network/sha256.ts'
import { requireModelName } from '../../prediction/assembleModel.ts'
import { pipelineVersion, researchNotice } from '../../prediction/pipelineVersion.ts'
import { loadState } from '../run/checkpoint.ts'
import { readHistory } from '../run/history.ts'
import type { RunStorage } from '../run/storage.ts'
import { flattenState, groupState } from '../stepGraph.ts'
import type { ScoredClass, ScoredMask } from '../validation/scored.ts'
import { divideCases, usableCases } from './divide.ts'
import { fewShotKey } from './fewShot.ts'
import type { FinetuneRow } from './figures.ts'
import { gradientStateShapes } from './gradientUpdates.ts'
import { casesSeen, joinLearnt } from './learntFrom.ts'
import { partsOf, placeOf, updatesOf, type Part } from './parts.ts'
import { probeStateShapes, probeSteps } from './probeUpdates.ts'
import { summariseCrops, type CropSummary } from './requireSettings.ts'
import {
  readFinetuneConfig,
  readStartModel,
  startParameters,
  type FinetuneConfig,
  type StartModel,
} from './runRecord.ts'
import { ScoreTable, scoredClasses, scoredMasks, scoreWidth } from './scores.ts'
import type { FinetuneSettings } from './settings.ts'
import { mergeAdapters, networkOf, networkShapes, splitParameters, startValues } from './trained.ts'

export interface FinetuneResult {
  readonly settings: FinetuneSettings
  readonly classes: readonly string[]
  readonly data: CropSummary
  /** Of each case, its content. */
  readonly identities: readonly string[]
  /** Equal for runs that differ in the share of the labels alone. */
  readonly fewShotKey: string
  /** Updates made, skipped ones included, of `steps`. */
  readonly step: number
  readonly steps: number
  readonly isFinished: boolean
  /** Cases whose scans the start model has learnt from. */
  readonly seenByStart: number
  /** Cases that were held out and judged so far; of a classification. */
  readonly classified: readonly ScoredClass[]
  /** The same of a segmentation. */
  readonly segmented: readonly ScoredMask[]
  readonly rows: readonly FinetuneRow[]
}

interface SavedRun {
  readonly config: FinetuneConfig
  readonly parts: readonly Part[]
  readonly step: number
  readonly steps: number
  readonly groups: Readonly<Record<string, ParameterValues>>
  /** The whole network of the kept model. */
  network(): ParameterValues
  readonly start: StartModel | undefined
}

/** @throws InputError when the storage holds no run, or nothing was saved yet. */
async function openSaved(storage: RunStorage): Promise<SavedRun> {
  const config = await readFinetuneConfig(storage)
  if (!config) throw new InputError('There is no fine-tuning run here; begin one, or choose another folder.')
  const { settings, crops } = config
  const parts = partsOf(divideCases(crops.cases, settings), settings)
  const shapes = networkShapes(settings.task, settings.entry)
  const start = await readStartModel(storage)
  const values = startValues(shapes, await startParameters(start, settings), settings.seed)
  const split = splitParameters(shapes, values, settings)
  const isProbe = settings.method === 'probe'
  const count = crops.cases.length
  const saved = await loadState(
    storage,
    flattenState(
      isProbe ? probeStateShapes(settings, count) : gradientStateShapes(settings, split, count, parts.length),
    ),
  )
  if (!saved)
    throw new InputError('Nothing of this run is saved yet; let it run until its first save, then try again.')
  const { groups } = groupState(saved.tensors, saved.step)
  const steps = isProbe
    ? probeSteps(usableCases(crops.cases, settings.task).length, parts.length)
    : updatesOf(parts)
  const last = isProbe ? undefined : placeOf(parts, Math.min(saved.step, steps) - 1).part
  const isBest = settings.patience !== null && (last?.division.watched.length ?? 0) > 0
  const kept = isProbe ? groups.parameters : isBest ? groups.best : groups.averaged
  return {
    ...{ config, parts, steps, groups, start },
    step: saved.step,
    network: () =>
      isProbe ? { ...values.values, ...kept } : mergeAdapters({ ...split.frozen, ...kept }, shapes),
  }
}

/** Reads what a run has given so far. @throws InputError when the storage holds no run, or nothing was saved yet. */
export async function readFinetuneResult(storage: RunStorage): Promise<FinetuneResult> {
  const { config, step, steps, groups, start } = await openSaved(storage)
  const { settings, crops } = config
  const table = new ScoreTable(crops.cases.length, scoreWidth(settings), groups.scores)
  const isSegmentation = settings.task === 'segment'
  return {
    ...{ settings, classes: crops.classes, step, steps, isFinished: step >= steps },
    data: summariseCrops(crops),
    seenByStart: start ? casesSeen(start.manifest, crops.cases).length : 0,
    identities: crops.cases.map(({ identity }) => identity),
    fewShotKey: fewShotKey(config),
    classified: isSegmentation ? [] : scoredClasses(table, crops.cases),
    segmented: isSegmentation ? scoredMasks(table, crops.cases) : [],
    rows: await readHistory<FinetuneRow>(storage),
  }
}

export interface ModelNaming {
  /** Letters, digits, '-' and '_'. */
  readonly name: string
  readonly version?: string
  /** For people. */
  readonly title?: string
}

function titleOf({ task, method }: FinetuneSettings, start: StartModel | undefined): string {
  const what = { segment: 'segmentation', classify: 'classification', respond: 'treatment response' }[task]
  const how = {
    probe: 'linear probe',
    head: task === 'segment' ? 'decoder' : 'head',
    full: 'fine-tuned',
    lora: 'low-rank adapters',
  }[method]
  return `${start ? start.manifest.title : 'From scratch'} — ${what}, ${how}`
}

function provenanceOf({ config, start, parts, step, steps }: SavedRun): ModelManifest['provenance'] {
  const { settings, crops, sessions } = config
  const data = summariseCrops(crops)
  return {
    notice: data.synthetic
      ? `${researchNotice}. Fine-tuned on synthetic cases only.`
      : `${researchNotice}. Fine-tuned on ${data.cases} labelled cases.`,
    licence: start?.manifest.provenance.licence ?? 'not stated',
    kind: 'finetune',
    parent: start
      ? { name: start.manifest.name, version: start.manifest.version, identity: start.identity }
      : 'scratch',
    data: { ...data, cropsIdentity: crops.identity },
    learntFrom: joinLearnt(
      start?.manifest,
      // What the last part holds out is judged and never learnt.
      crops.cases.filter((_, at) => !parts.at(-1)?.division.held.includes(at)),
    ),
    settings,
    updates: step,
    isFinished: step >= steps,
    sessions,
  }
}

/** Tensors of the parent that stay as they are: everything but the network that was trained. */
function inherited(start: StartModel | undefined, prefix: string): Record<string, SafetensorsTensor> {
  if (!start) return {}
  const { tensors } = readSafetensors(start.weights)
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.startsWith(prefix)))
}

/**
 * The kept model as a description and a weights file: the trained network in single precision, adapters merged, the
 * parent's other networks as they were. A run that is not finished gives the best of the part that it is in.
 * @throws InputError when nothing is saved, or the name cannot be one.
 */
export async function finetunedModel(
  storage: RunStorage,
  { name, version = '1.0.0', title }: ModelNaming,
): Promise<{ readonly manifest: ModelManifest; readonly weights: Uint8Array }> {
  requireModelName(name)
  const saved = await openSaved(storage)
  const { config, start } = saved
  const { settings } = config
  const { entry, task } = settings
  const shapes = networkShapes(task, entry)
  const network = saved.network()
  const own = Object.fromEntries(
    Object.entries(shapes).map(([parameter, shape]): [string, SafetensorsTensor] => [
      entry.prefix + parameter,
      { dtype: 'F32', shape: [...shape], data: network[parameter] },
    ]),
  )
  const weights = writeSafetensors({ ...inherited(start, entry.prefix), ...own }, { notice: researchNotice })
  const networks: Record<string, NetworkEntry> = { ...start?.manifest.networks, [networkOf(task)]: entry }
  const manifest: ModelManifest = {
    ...{ schemaVersion: 1, pipelineVersion, name, version, title: title ?? titleOf(settings, start) },
    ...{ axes: 'DHW, S+ A+ R+', networks },
    weights: {
      file: 'weights.safetensors',
      bytes: weights.length,
      sha256: await sha256(new Uint8Array(weights)),
    },
    provenance: provenanceOf(saved),
    remarks: remarksOf(saved),
  }
  return { manifest, weights }
}

function remarksOf({ config, step, steps }: SavedRun): string[] {
  const { settings, crops } = config
  const { task, validation } = settings
  const count = usableCases(crops.cases, task).length
  const judged = validation.kind === 'folds' ? `${validation.folds} folds by patient` : 'one held-out part'
  return [
    `Fine-tuned on ${count} cases of one collection and judged on ${judged} of it; other scanners and patients may give other results.`,
    ...(step < steps
      ? [`The run was stopped after ${step} of ${steps} updates; the kept model is that of its last save.`]
      : []),
  ]
}
