// Tables as text for the terminal and as Markdown for docs/benchmarks.
import type { Table } from './rows.ts'

function widths({ columns, rows }: Table): number[] {
  return columns.map((column, i) => Math.max(column.length, ...rows.map(row => row[i].length)))
}

/** The first column to the left, figures to the right. */
export function textTable(table: Table): string {
  const wide = widths(table)
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(wide[i]) : cell.padStart(wide[i]))).join('  ')}`
  const rows = table.rows.length > 0 ? [table.columns, ...table.rows].map(line) : []
  return [table.title, ...rows, ...table.notes.map(note => `  ${note}`)].join('\n')
}

export function markdownTable({ title, columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = columns.map((_, i) => (i === 0 ? '---' : '--:'))
  const body = rows.length > 0 ? [line(columns), line(rule), ...rows.map(line)] : []
  const listed = notes.length > 0 ? ['', ...notes.map(note => `- ${note}`)] : []
  return [`### ${title}`, '', ...body, ...listed].join('\n')
}
