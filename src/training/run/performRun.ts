// The loop of a run, whatever its updates are: history, saves, pause, stop, continuing. A run that is continued from a
// save makes the updates it would have made: what an update reads follows from its number alone.
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'
import { saveState } from './checkpoint.ts'
import type { RunControl } from './control.ts'
import { appendRow, type HistoryRow } from './history.ts'
import type { RunStorage } from './storage.ts'

/** What is run: updates of named tensors. */
export interface Updates<Figures extends object> {
  /** Names and shapes of everything that a save holds. */
  readonly shapes: ParameterShapes
  /** Updates of the whole run. */
  readonly steps: number
  /** Makes update `step` (0-based), which must be the one after the last. @returns its figures for the history. */
  advance(step: number): Promise<Figures>
  /** The update after `step`, where that is another than the next: a part of the run that ended early skips the rest. */
  after?(step: number): number
  /** Whether the run ends before its last update, asked before each. */
  isOver?(): boolean
  /** The state after the last update. */
  read(): Promise<ParameterValues>
}

export interface RunOptions<Figures extends object> {
  readonly storage: RunStorage
  /** Updates made already. */
  readonly from: number
  readonly saveEvery: number
  readonly control: RunControl
  readonly onRow?: (row: HistoryRow & Figures) => Promise<void> | void
  /** Before the state is saved: what else belongs to a save. */
  readonly onSave?: () => Promise<void>
  /** The run can go on from `step` now, whatever happens. */
  readonly onSaved?: (step: number) => void
}

/** How a run ended: all updates made, or stopped before. */
export type RunEnd = 'finished' | 'stopped'

/** Seconds of an update at the run's present pace: a mean that follows the last twenty or so. */
class Pace {
  private mean = 0
  private count = 0

  next(seconds: number): number {
    this.count++
    this.mean += (seconds - this.mean) / Math.min(this.count, 20)
    return this.mean
  }
}

/** @throws InputError when saving fails, and what an update throws; the last save is safe then. */
export async function performRun<Figures extends object>(
  updates: Updates<Figures>,
  { storage, from, saveEvery, control, onRow, onSave, onSaved }: RunOptions<Figures>,
): Promise<RunEnd> {
  let step = from
  let saved = from
  const pace = new Pace()
  const save = async () => {
    if (saved === step) return
    await onSave?.()
    await saveState(storage, updates.shapes, { step, tensors: await updates.read() })
    saved = step
    onSaved?.(step)
  }
  const isOver = () => step >= updates.steps || updates.isOver?.() === true
  while (!isOver()) {
    if (!(await control.gate(save))) break
    const started = performance.now()
    const made = step
    const figures = await updates.advance(made)
    step = updates.after?.(made) ?? made + 1
    const seconds = (performance.now() - started) / 1000
    const secondsLeft = pace.next(seconds) * (updates.steps - step)
    const row = { step: made, ...figures, seconds, secondsLeft }
    await appendRow(storage, row)
    await onRow?.(row)
    const isDue = Math.floor(step / saveEvery) > Math.floor(made / saveEvery)
    if (control.takeSave() || isDue) await save()
  }
  await save()
  return isOver() ? 'finished' : 'stopped'
}
