// What Ctrl-C does to a run.
import type { RunControl } from '../../src/training/run/control.ts'

/**
 * Ctrl-C saves and ends; a second one ends at once, and the last save is kept. A terminal and npm both pass the same
 * Ctrl-C on: what comes within a second is one.
 */
export function stopOnSignals(control: RunControl): void {
  let askedAt: number | undefined
  const stop = () => {
    if (askedAt !== undefined && performance.now() - askedAt > 1000) process.exit(130)
    if (askedAt === undefined) console.log('Stopping after this update; the run is saved.')
    askedAt ??= performance.now()
    control.stop()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
