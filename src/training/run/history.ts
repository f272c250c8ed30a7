// The history of a run: one line of JSON for each update, in step order.
import type { RunStorage } from './storage.ts'

export const historyFile = 'history.jsonl'

/** What every kind of run notes of an update; the rest is the run's own. */
export interface HistoryRow {
  /** 0-based. */
  readonly step: number
  readonly seconds: number
  readonly secondsLeft: number
}

/** Rows of the history; a last line that a crash cut off is left out. */
export async function readHistory<Row extends HistoryRow>(storage: RunStorage): Promise<Row[]> {
  const bytes = await storage.read(historyFile)
  if (!bytes) return []
  const rows: Row[] = []
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    try {
      if (line !== '') rows.push(JSON.parse(line) as Row)
    } catch {
      break
    }
  }
  return rows
}

/** Drops the rows of updates that were not saved: a continued run makes them again. @returns the rows that stay. */
export async function rewindHistory<Row extends HistoryRow>(
  storage: RunStorage,
  step: number,
): Promise<Row[]> {
  const rows = await readHistory<Row>(storage)
  const kept = rows.filter(row => row.step < step)
  const text = kept.map(row => `${JSON.stringify(row)}\n`).join('')
  await storage.write(historyFile, new TextEncoder().encode(text))
  return kept
}

export function appendRow(storage: RunStorage, row: HistoryRow): Promise<void> {
  return storage.append(historyFile, `${JSON.stringify(row)}\n`)
}
