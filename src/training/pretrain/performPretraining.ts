// A pretraining run from its settings, or from its folder, to its end: what the command and the page's worker call.
import { InputError } from '../../base/errors.ts'
import { bordered } from '../augment.ts'
import { bankSize, usesPerCrop } from '../cropBank.ts'
import { hasSave, loadState } from '../run/checkpoint.ts'
import type { RunControl } from '../run/control.ts'
import type { Environment } from '../run/environment.ts'
import { rewindHistory, type HistoryRow } from '../run/history.ts'
import { performRun, type RunEnd } from '../run/performRun.ts'
import type { RunStorage } from '../run/storage.ts'
import { Whereabouts } from '../run/whereabouts.ts'
import type { TrainPlaces } from '../steadyStep.ts'
import { flattenState, groupState } from '../stepGraph.ts'
import { CasePool } from './casePool.ts'
import { cropBytes, type CaseSource } from './cases.ts'
import { requireCropShape, requireOptions } from './options.ts'
import { openPretrainUpdates, startState, stateShapes, type PretrainFigures } from './pretrainUpdates.ts'
import type { PretrainRecipe } from './recipe.ts'
import { readConfig, SeenCases, writeConfig, type PretrainSettings } from './runRecord.ts'
import { createViewStream, type CropPlan } from './viewStream.ts'

export type PretrainRow = HistoryRow & PretrainFigures

export interface PretrainingOptions {
  readonly storage: RunStorage
  /** Of a new run; undefined continues the one in the storage. */
  readonly settings: PretrainSettings | undefined
  readonly source: CaseSource
  readonly places: TrainPlaces
  /** Where the updates are computed, by the label of the place that opened. */
  readonly environment: (label: string) => Environment
  readonly control: RunControl
  readonly saveEvery: number
  /** Sentences that whoever follows the run should read. */
  readonly onNotice?: (notice: string) => void
  /** The rows of the run so far, and where it is computed; then each new row. */
  readonly onStart?: (rows: readonly PretrainRow[], settings: PretrainSettings, label: string) => void
  readonly onRow?: (row: PretrainRow) => Promise<void> | void
  /** The run can go on from this update now. */
  readonly onSaved?: (step: number) => void
}

/** Share of the memory for open cases; the rest is for crops that wait. */
const casesShare = 0.75
const mostLanes = 8
const fewestCrops = 8

/**
 * How crops are drawn with this much memory: as many cases in turn as stay open without being read again and again, each
 * for as many crops as keep the bank busy.
 */
export function planCrops(recipe: PretrainRecipe, memoryBytes: number, source: CaseSource): CropPlan {
  const each = cropBytes(bordered(recipe.cropShape, recipe.borderVoxels))
  // The bank keeps up to twice its size.
  const room = Math.floor(((1 - casesShare) * memoryBytes) / (2 * each))
  const waiting = Math.max(2, Math.min(bankSize, room))
  // A draw reaches as far as the bank does: into the case after the one in turn.
  const open = Math.floor((casesShare * memoryBytes) / (2 * source.largestBytes))
  const lanes = Math.max(1, Math.min(mostLanes, source.count, open))
  const isCheap = open >= mostLanes * fewestCrops
  const cropsPerCase = isCheap ? fewestCrops : Math.max(fewestCrops, Math.ceil(waiting / lanes))
  return { lanes, cropsPerCase, bankSize: waiting, usesPerCrop }
}

/** The settings of the run, and its stretches so far. */
async function settingsOf({ storage, settings, source }: PretrainingOptions) {
  const known = await readConfig(storage)
  if (known && settings && (await hasSave(storage)))
    throw new InputError(
      'This folder already holds a run; continue it, or choose another folder for the new one.',
    )
  if (!known && !settings)
    throw new InputError('There is no run to continue in this folder; begin one, or choose another folder.')
  const chosen: PretrainSettings = settings ?? known!
  if (chosen.caseCount !== source.count)
    throw new InputError(
      `The run was begun with ${chosen.caseCount} cases, but ${source.count} came; give the same volumes as when it was begun.`,
    )
  return { chosen, sessions: settings ? [] : (known?.sessions ?? []) }
}

/**
 * Runs until all updates are made or `control` stops it. A continued run goes on from its last save, bit for bit as it
 * would have where device, backend, threads and versions are the same.
 * @throws InputError in a sentence for settings, data or saves that make no run, and for storage that is full: the last
 * save is safe.
 */
export async function performPretraining(options: PretrainingOptions): Promise<RunEnd> {
  const { storage, source, places, environment, control, saveEvery, onNotice, onStart, onRow, onSaved } =
    options
  const { chosen, sessions } = await settingsOf(options)
  const { recipe, options: run, plan, memoryBytes, caseCount } = chosen
  requireOptions(run)
  requireCropShape(recipe.cropShape)
  const saved = await loadState(storage, flattenState(stateShapes(recipe, run)))
  const from = saved?.step ?? 0
  const seen = saved ? await SeenCases.read(storage) : new SeenCases()
  const pool = new CasePool(source, casesShare * memoryBytes, (index, opened) => seen.note(index, opened))
  const views = createViewStream({ pool, caseCount, recipe, plan, batch: run.batch, seed: run.seed })
  const state = saved ? groupState(saved.tensors, from) : startState(recipe, run)
  const updates = await openPretrainUpdates({ recipe, options: run, views, places, state })
  try {
    const whereabouts = new Whereabouts({
      ...{ environment, onNotice, sessions, place: updates },
      write: stretches => writeConfig(storage, chosen, stretches),
    })
    await whereabouts.begin(from)
    const rows = await rewindHistory<PretrainRow>(storage, from)
    onStart?.(rows, chosen, updates.label)
    return await performRun(updates, {
      ...{ storage, from, saveEvery, control, onSaved },
      onSave: () => seen.write(storage),
      async onRow(row) {
        await whereabouts.follow(row.step)
        await onRow?.(row)
      },
    })
  } finally {
    await updates.release()
  }
}
