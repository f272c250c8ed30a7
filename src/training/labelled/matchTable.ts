// Which table of labels is meant, and which scan each of its rows names.
import { InputError } from '../../base/errors.ts'
import { readCsv } from '../../volume/csv.ts'
import type { ScanFile } from '../../volume/volume.ts'
import type { CohortOptions, LeftOut } from './cohort.ts'
import { withoutExtension } from './fileRoles.ts'
import { readLabelTable, type LabelTable } from './labelTable.ts'
import type { ScanSpec } from './pairScans.ts'

export type FindScans = (cell: string) => readonly number[]

/** Which scans a cell of a table means, with or without folders and extension. */
export function indexNames(scans: readonly ScanSpec[]): FindScans {
  const index = new Map<string, number[]>()
  for (const [scan, { names }] of scans.entries())
    for (const name of names) index.set(name, [...(index.get(name) ?? []), scan])
  return cell => {
    const text = cell.trim().replaceAll('\\', '/').toLowerCase()
    const forms = [text, withoutExtension(text), withoutExtension(text.split('/').pop()!)]
    return forms.map(form => index.get(form)).find(found => found !== undefined) ?? []
  }
}

/**
 * Reads the table that names most of the scans, and says which others were not used.
 * @throws InputError as `readLabelTable`, when there is no choice.
 */
export async function openTable(
  tables: readonly ScanFile[],
  isKnown: (cell: string) => boolean,
  options: CohortOptions,
  notices: string[],
): Promise<LabelTable | undefined> {
  const asked = options.table === undefined ? tables : tables.filter(({ path }) => path === options.table)
  if (options.table !== undefined && asked.length === 0)
    throw new InputError(
      `There is no table ${options.table} among these files; ${tables.map(({ path }) => path).join(', ') || 'none'} was found.`,
    )
  const read: { readonly table: LabelTable; readonly hits: number }[] = []
  for (const file of asked) {
    try {
      const table = readLabelTable(readCsv(await file.bytes(), file.path), file.path, isKnown, options)
      read.push({ table, hits: table.rows.filter(row => isKnown(row.id)).length })
    } catch (error) {
      // One table among several may be about something else.
      if (asked.length === 1 || !(error instanceof InputError)) throw error
      notices.push(error.message)
    }
  }
  const best = read.sort((a, b) => b.hits - a.hits)[0]?.table
  for (const { table } of read.slice(1))
    notices.push(
      `${table.info.file} is a second table and was not used; ${best.info.file} names more of the scans.`,
    )
  notices.push(...(best?.notices ?? []))
  return best
}

/** Labels without files. */
export function rowsWithoutScan(table: LabelTable | undefined, scansOf: FindScans): LeftOut[] {
  const rows = table?.rows.filter(row => scansOf(row.id).length === 0) ?? []
  return rows.map(({ id }) => ({
    id: id || 'a row without id',
    why: id
      ? `${id} has a label in ${table!.info.file}, but there is no scan of that name among these files.`
      : `A row of ${table!.info.file} has nothing in its column “${table!.info.chosen.id}”, so it names no scan.`,
  }))
}
