// A run's history as a table: a row for each update, a column for each figure; a figure of several parts has a column for
// each, PART_NAME. Numbers in full, so that two histories can be compared bit for bit.
import { tableHead, writeCsv } from '../../insight/labTables.ts'
import type { HistoryRow } from './history.ts'

function flatten(values: object, prefix = ''): [string, string][] {
  return Object.entries(values).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' && value !== null
      ? flatten(value as object, `${prefix}${name}_`)
      : [[prefix + name, String(value)]],
  )
}

/** `headline`: what the run is, in a sentence. */
export function historyCsv(rows: readonly HistoryRow[], headline: string): string {
  const flat = rows.map(row => new Map(flatten(row)))
  const columns = [...new Set(flat.flatMap(row => [...row.keys()]))]
  return writeCsv(
    tableHead(false, [headline]),
    columns,
    flat.map(row => columns.map(column => row.get(column) ?? '')),
  )
}
