// Tables as people save them (RFC 4180 and what spreadsheets make of it): commas, semicolons or tabs, quotes, a byte order
// mark, UTF-16, any line ending, "sep=;" on the first line.
import { InputError } from '../base/errors.ts'

export interface Table {
  readonly columns: readonly string[]
  /** One text for each column, trimmed. */
  readonly rows: readonly (readonly string[])[]
  /** Numbers are written with a decimal comma. */
  readonly hasDecimalComma: boolean
}

const separators = [',', ';', '\t'] as const
type Separator = (typeof separators)[number]

/** A table of labels has a row for each lesion, not a million. */
const maxTableBytes = 64 * 2 ** 20

/**
 * Reads a table whose first line names its columns. Shorter rows are filled with '', longer ones lose what stands beyond the
 * last column; empty lines are left out.
 * @throws InputError, naming the file, when there is no line of names, or a name occurs twice.
 */
export function readCsv(bytes: Uint8Array, name: string): Table {
  if (bytes.length > maxTableBytes)
    throw new InputError(
      `${name} has ${Math.round(bytes.length / 1e6)} MB; a table of labels with at most ${maxTableBytes / 2 ** 20} MB is expected. Keep only the rows and columns that are needed.`,
    )
  let text = decode(bytes)
  const stated = /^sep=(.)\r?\n/i.exec(text)
  if (stated) text = text.slice(stated[0].length)
  const separator = separators.find(one => one === stated?.[1]) ?? guessSeparator(text)
  const lines = splitRows(text, separator).filter(cells => cells.some(cell => cell !== ''))
  const columns = lines[0]?.map((column, at) => column || `column ${at + 1}`) ?? []
  if (columns.length < 2)
    throw new InputError(
      `${name} has no columns that can be told apart; a first line with names such as “id,label”, separated by commas, semicolons or tabs, is expected.`,
    )
  const twice = columns.find((column, at) => columns.indexOf(column) !== at)
  // Ratings of several readers often stand in columns without a name of their own, but two ids would be a guess.
  if (twice !== undefined)
    throw new InputError(
      `${name} has two columns called “${twice}”; each needs a name of its own. Rename one.`,
    )
  const rows = lines.slice(1).map(cells => columns.map((_, at) => cells[at] ?? ''))
  return { columns, rows, hasDecimalComma: separator !== ',' && !hasPointNumbers(rows) }
}

/** A number as the table writes it; NaN for anything else, '' included. */
export function cellNumber(cell: string, hasDecimalComma: boolean): number {
  const text = hasDecimalComma ? cell.replace(',', '.') : cell
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
}

function hasPointNumbers(rows: Table['rows']): boolean {
  return rows.some(cells => cells.some(cell => /^[+-]?\d+\.\d+$/.test(cell)))
}

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes) // drops its byte order mark
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** The one that the line of names holds most often, outside of quotes. */
function guessSeparator(text: string): Separator {
  const head = (/^[^\r\n]*/.exec(text.trimStart())?.[0] ?? '').replace(/"[^"]*"/g, '')
  const count = (separator: Separator) => head.split(separator).length
  return separators.reduce((best, next) => (count(next) > count(best) ? next : best))
}

function splitRows(text: string, separator: Separator): string[][] {
  const rows: string[][] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  const endCell = () => {
    cells.push(cell.trim())
    cell = ''
  }
  const endRow = () => {
    endCell()
    rows.push(cells)
    cells = []
  }
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]
    if (isQuoted) {
      if (letter !== '"') cell += letter
      else if (text[i + 1] === '"') cell += text[++i]
      else isQuoted = false
    } else if (letter === '"' && cell.trim() === '') {
      cell = ''
      isQuoted = true
    } else if (letter === separator) endCell()
    else if (letter === '\n') endRow()
    else if (letter === '\r') {
      if (text[i + 1] !== '\n') endRow()
    } else cell += letter
  }
  if (cell !== '' || cells.length > 0) endRow()
  return rows
}
