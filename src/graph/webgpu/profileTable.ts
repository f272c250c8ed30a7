// Where a plan's time goes: its tasks' times, those of one label together, the longest first.
import type { TaskTime } from './planRunner.ts'

export interface ProfileRow {
  readonly label: string
  readonly count: number
  readonly milliseconds: number
  /** Of the whole, 0…1. */
  readonly share: number
}

export function profileRows(times: readonly TaskTime[]): ProfileRow[] {
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const byLabel = new Map<string, { count: number; milliseconds: number }>()
  for (const { label, milliseconds } of times) {
    const known = byLabel.get(label) ?? { count: 0, milliseconds: 0 }
    byLabel.set(label, { count: known.count + 1, milliseconds: known.milliseconds + milliseconds })
  }
  return [...byLabel]
    .map(([label, { count, milliseconds }]) => ({
      label,
      count,
      milliseconds,
      share: total > 0 ? milliseconds / total : 0,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds)
}

/** The rows as text, one a line, with the total below. */
export function profileText(name: string, times: readonly TaskTime[]): string {
  const rows = profileRows(times)
  const width = Math.max(5, ...rows.map(({ label }) => label.length))
  const line = (label: string, count: number, milliseconds: number, share: number) =>
    `${label.padEnd(width)}  ${String(count).padStart(5)}  ${milliseconds.toFixed(3).padStart(10)} ms  ${(100 * share).toFixed(1).padStart(5)} %`
  const total = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return [
    `${name}: ${times.length} tasks, one run, by the device’s timestamps`,
    ...rows.map(({ label, count, milliseconds, share }) => line(label, count, milliseconds, share)),
    line('total', times.length, total, 1),
  ].join('\n')
}
