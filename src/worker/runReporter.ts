// What a run tells the page: rows bundled to a few messages a second, warnings only when they change.
import { collapseWarnings } from '../training/pretrain/collapse.ts'
import type { PretrainRow } from '../training/pretrain/performPretraining.ts'
import type { RunEvent, RunRow } from './trainProtocol.ts'

/** Four messages a second are as live as a curve can be. */
const bundleMs = 250

export type Report = (event: RunEvent) => void

/** Rows as they come in; `flush` before the run's promise is settled. */
export function bundleRows(report: Report) {
  let waiting: RunRow[] = []
  let sentAt = -Infinity
  const flush = () => {
    if (waiting.length > 0) report({ kind: 'rows', rows: waiting })
    waiting = []
    sentAt = performance.now()
  }
  return {
    flush,
    add(row: RunRow): void {
      waiting.push(row)
      if (performance.now() - sentAt >= bundleMs) flush()
    },
  }
}

/** Looks at the last rows of a pretraining after each update. */
export function watchCollapse(report: Report) {
  const recent: PretrainRow[] = []
  let said = ''
  return (rows: readonly PretrainRow[]): void => {
    recent.push(...rows.slice(-100))
    recent.splice(0, recent.length - 100)
    const warnings = collapseWarnings(recent)
    if (warnings.join() === said) return
    said = warnings.join()
    report({ kind: 'warnings', warnings })
  }
}
