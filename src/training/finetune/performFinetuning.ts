// A fine-tuning run from its settings, or from its storage, to its end: what the command and the page's worker call. The
// loop, the saves and the ways to pause and resume are those of every run.
import { InputError } from '../../base/errors.ts'
import type { ModelFiles } from '../../prediction/loadModel.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import { cropSetFile, writeCropSet } from '../labelled/cropSetFile.ts'
import { hasSave, loadState } from '../run/checkpoint.ts'
import type { RunControl } from '../run/control.ts'
import type { Environment, Session } from '../run/environment.ts'
import { rewindHistory } from '../run/history.ts'
import { performRun, type RunEnd } from '../run/performRun.ts'
import type { RunStorage } from '../run/storage.ts'
import { Whereabouts } from '../run/whereabouts.ts'
import type { TrainPlaces } from '../steadyStep.ts'
import { flattenState, groupState } from '../stepGraph.ts'
import { divideCases } from './divide.ts'
import type { FinetuneMessage, FinetuneRow } from './figures.ts'
import { followedFile, readFollowed, writeFollowed, type FollowedPlace } from './followed.ts'
import { SharedPlaces } from './forward.ts'
import { gradientStateShapes, openGradientUpdates } from './gradientUpdates.ts'
import { writeHeldOutlines } from './heldOutlines.ts'
import { partsOf } from './parts.ts'
import { openProbeUpdates, probeStateShapes } from './probeUpdates.ts'
import { requireBoxes, requireFinetuneSettings, summariseCrops } from './requireSettings.ts'
import {
  answersTask,
  cropsOf,
  openStartModel,
  readFinetuneConfig,
  readStartModel,
  recordOf,
  startParameters,
  writeFinetuneConfig,
  writeStartModel,
  type FinetuneRecord,
  type StartModel,
} from './runRecord.ts'
import type { FinetuneSettings } from './settings.ts'
import type { FinetuneSetup, FinetuneUpdates } from './setup.ts'
import { networkShapes, splitParameters, startValues } from './trained.ts'

export interface FinetuningOptions {
  readonly storage: RunStorage
  /** Of a new run; undefined continues the one in the storage. */
  readonly settings: FinetuneSettings | undefined
  /** Of a new run; of a continued one only where it keeps no copy. */
  readonly crops: CropSet | undefined
  /** Of a new run: whether the boxes are kept with it, so that it can go on without its files. */
  readonly keepsCrops: boolean
  /** Of a new run: the place of the open scan that is shown after every epoch. */
  readonly followed?: FollowedPlace
  /** Whether its voxels may stay with the run; otherwise it is no longer shown once the run was interrupted. */
  readonly keepsFollowed?: boolean
  /** Of a new run that does not begin from scratch; a continued one has its own copy. */
  readonly start: ModelFiles | undefined
  readonly places: TrainPlaces
  /** Where the updates are computed, by the label of the place that opened. */
  readonly environment: (label: string) => Environment
  readonly control: RunControl
  readonly saveEvery: number
  /** Sentences that whoever follows the run should read. */
  readonly onNotice?: (notice: string) => void
  /** The rows of the run so far, where it is computed, and its updates in all; then each new row. */
  readonly onStart?: (
    rows: readonly FinetuneRow[],
    settings: FinetuneSettings,
    label: string,
    steps: number,
  ) => void
  readonly onRow?: (row: FinetuneRow) => Promise<void> | void
  /** Updates that are safe whatever happens. */
  readonly onSaved?: (step: number) => void
  readonly onMessage?: (message: FinetuneMessage) => void
}

interface OpenedRun {
  readonly record: FinetuneRecord
  readonly crops: CropSet
  readonly start: StartModel | undefined
  readonly followed: FollowedPlace | undefined
  readonly sessions: readonly Session[]
}

async function openKnown({ storage, crops, onNotice }: FinetuningOptions): Promise<OpenedRun> {
  const known = await readFinetuneConfig(storage)
  if (!known) throw new InputError('There is no run to continue here; begin one, or choose another folder.')
  const { settings } = known
  const start = await readStartModel(storage)
  if (settings.start !== 'scratch' && start?.identity !== settings.start.identity)
    throw new InputError(
      `The run's copy of its start model ${settings.start.name} is missing or another one; restore it, or begin a new run.`,
    )
  const boxes = await cropsOf(storage, known, crops)
  const followed = known.followed && (await readFollowed(storage, known.followed, settings))
  if (known.followed && !followed)
    onNotice?.(
      'What the model says of the scan that was open is not shown any more: its voxels were not kept with the run.',
    )
  return { record: known, crops: boxes, start, followed, sessions: known.sessions }
}

async function openNew(options: FinetuningOptions, settings: FinetuneSettings): Promise<OpenedRun> {
  const { storage, crops, keepsCrops, followed } = options
  if ((await readFinetuneConfig(storage)) && (await hasSave(storage)))
    throw new InputError(
      'This folder already holds a run; continue it, or choose another folder for the new one.',
    )
  if (!crops) throw new InputError('A new run needs labelled cases; open some first.')
  requireFinetuneSettings(settings, summariseCrops(crops))
  requireBoxes(settings, crops)
  const start =
    options.start && settings.start !== 'scratch' ? await openStartModel(options.start) : undefined
  if (settings.start !== 'scratch' && start?.identity !== settings.start.identity)
    throw new InputError(
      `The settings begin with ${settings.start.name} ${settings.start.version}, but ${start ? `${start.manifest.name} ${start.manifest.version} with other weights` : 'no model'} came; choose the start model again.`,
    )
  if (start) await writeStartModel(storage, start)
  if (keepsCrops) await writeCropSet(storage, crops)
  else await storage.remove(cropSetFile)
  if (followed?.hu && options.keepsFollowed) await writeFollowed(storage, followed.hu, settings)
  else await storage.remove(followedFile)
  const facts = followed && { at: followed.at, patient: followed.patient }
  const record = await recordOf(settings, crops, keepsCrops, facts)
  return { record, crops, start, followed, sessions: [] }
}

/** The updates of the run, opened where the last save left them. */
async function openUpdates(
  { storage, places, onNotice, onMessage }: FinetuningOptions,
  { record: { settings, keepsCrops }, crops, start, followed }: OpenedRun,
): Promise<{ readonly updates: FinetuneUpdates; readonly from: number }> {
  const parts = partsOf(divideCases(crops.cases, settings), settings)
  const shapes = networkShapes(settings.task, settings.entry)
  const values = startValues(shapes, await startParameters(start, settings), settings.seed)
  const split = splitParameters(shapes, values, settings)
  const count = crops.cases.length
  const stateShapes =
    settings.method === 'probe'
      ? probeStateShapes(settings, count)
      : gradientStateShapes(settings, split, count, parts.length)
  const saved = await loadState(storage, flattenState(stateShapes))
  const setup: FinetuneSetup = {
    ...{ settings, crops, parts, shapes, start: values, judgesStart: answersTask(start, settings) },
    followed,
    places: new SharedPlaces(places),
    onNotice: notice => onNotice?.(notice),
    onMessage: message => onMessage?.(message),
    async onOutlines(fold, outlines) {
      onMessage?.({ kind: 'outlines', outlines })
      if (keepsCrops) await writeHeldOutlines(storage, fold, outlines)
    },
    saved: saved && { step: saved.step, groups: groupState(saved.tensors, saved.step).groups },
  }
  const updates = await (settings.method === 'probe'
    ? openProbeUpdates(setup)
    : openGradientUpdates(setup, split))
  return { updates, from: saved?.step ?? 0 }
}

/**
 * Runs until all updates are made or `control` stops it. A continued run goes on from its last save, bit for bit as it
 * would have where device, backend, threads and versions are the same.
 * @throws InputError in a sentence for settings, cases, models or saves that make no run, and for storage that is full;
 * DivergenceError when a loss is no number: the last save is safe either way.
 */
export async function performFinetuning(options: FinetuningOptions): Promise<RunEnd> {
  const { storage, settings, environment, control, saveEvery, onNotice, onStart, onRow, onSaved } = options
  const opened = await (settings ? openNew(options, settings) : openKnown(options))
  const { record, sessions } = opened
  const { updates, from } = await openUpdates(options, opened)
  try {
    const whereabouts = new Whereabouts({
      ...{ environment, onNotice, sessions, place: updates },
      write: stretches => writeFinetuneConfig(storage, record, stretches),
    })
    await whereabouts.begin(from)
    const rows = await rewindHistory<FinetuneRow>(storage, from)
    onStart?.(rows, record.settings, updates.label, updates.steps)
    return await performRun(updates, {
      ...{ storage, from, saveEvery, control, onSaved },
      async onRow(row) {
        await whereabouts.follow(row.step)
        await onRow?.(row)
      },
    })
  } finally {
    await updates.release()
  }
}
