// A table of labels: which column is what is guessed from names and values, and can be chosen; each row becomes a label.
import { InputError } from '../../base/errors.ts'
import type { PointMm } from '../../volume/geometry.ts'
import { cellNumber, type Table } from '../../volume/csv.ts'
import type { ColumnRole, CohortOptions, LabelTableInfo, TableColumn } from './cohort.ts'
import {
  classReader,
  isMissing,
  isRatings,
  labelOfRating,
  mostClasses,
  type ClassReader,
} from './labelClasses.ts'
import { refuseSplitPatients } from './splitCheck.ts'

export interface LabelRow {
  /** As the table writes it. */
  readonly id: string
  readonly patient: string | null
  readonly label: number | null
  readonly isIndeterminate: boolean
  readonly volumeMm3: number | null
  readonly split: string | null
  /** Where the lesion is, when the table says it. */
  readonly centreRasMm: PointMm | null
  /** Value of the lesion in the mask, or its number. */
  readonly lesion: number | null
}

export interface LabelTable {
  readonly info: LabelTableInfo
  readonly classes: readonly string[]
  /** The classes are benign and malignant. */
  readonly isMalignancy: boolean
  readonly rows: readonly LabelRow[]
  readonly notices: readonly string[]
}

const namesOf: Readonly<Record<ColumnRole, readonly RegExp[]>> = {
  id: [
    /^(case|scan|image|file|volume|nodule|lesion)?[_ .-]?(id|name|file|filename|path)$/i,
    /series|uid|^(case|scan|image|file|nodule|lesion)/i,
    /patient|subject/i,
  ],
  label: [
    /^(label|class|target|outcome|truth|ground[_ ]?truth|y)$/i,
    /^(is[_ ]?)?(malignant|malignancy|cancer)$/i,
    /diagnos|response|respond|patholog|histolog|outcome|malignan/i,
    /label|class/i,
  ],
  patient: [/^(patient|subject|person|participant)([_ .-]?(id|name|number))?$/i, /^(pid|mrn)$/i],
  volume: [/^(tumou?r|lesion|nodule)?[_ ]?vol(ume)?([_ (]*(mm3|mm\^3|mm³|ml|cc|cm3|cm\^3|cm³)\)?)?$/i],
  split: [/^(split|subset|partition|fold|set)$/i],
}
const diameterColumn = /^(eq(uivalent)?[_ ]?)?diam(eter)?([_ (]*mm\)?)?$/i
const lesionColumn =
  /^(lesion|nodule|component|mask[_ ]?value|label[_ ]?value)([_ ]?(no|nr|number|index|value))?$/i

/**
 * Understands a table. `isKnown` says whether a cell names a scan: the column that does so most often is the id.
 * @throws InputError when a chosen column does not exist, cannot be a label, or a patient is on both sides of the split.
 */
export function readLabelTable(
  table: Table,
  file: string,
  isKnown: (cell: string) => boolean,
  options: Pick<CohortOptions, 'columns'> = {},
): LabelTable {
  const columns = table.columns.map((name, at) => describeColumn(table, name, at))
  const chosen = chooseColumns(table, file, columns, isKnown, options.columns ?? {})
  const at = (role: ColumnRole) => (chosen[role] === null ? -1 : table.columns.indexOf(chosen[role]))
  const labelAt = at('label')
  const cells = labelAt < 0 ? [] : table.rows.map(row => row[labelAt])
  const reader = labelAt < 0 ? undefined : classReader(table.columns[labelAt], cells, table.hasDecimalComma)
  if (labelAt >= 0 && !reader) throw notALabel(file, columns[labelAt], table.rows.length)
  const layout = layOut(table, at, reader)
  const rows = table.rows.map(row => readRow(table, row, layout, reader))
  const info: LabelTableInfo = { file, columns, chosen }
  refuseSplitPatients(
    rows.map(({ patient, id, split }) => ({ patient: patient ?? id, split })),
    info,
  )
  return {
    info,
    isMalignancy: reader?.isMalignancy ?? false,
    classes: reader?.classes ?? [],
    rows,
    notices: chosen.label === null ? [noLabelColumn(file, columns)] : [],
  }
}

function describeColumn(table: Table, name: string, at: number): TableColumn {
  const cells = table.rows.map(row => row[at])
  const distinct = new Set(cells.filter(cell => !isMissing(cell)).map(cell => cell.toLowerCase())).size
  const isClasses = distinct >= 2 && distinct <= mostClasses && distinct < 0.5 * Math.max(5, cells.length)
  return {
    name,
    distinct,
    canBeLabel: isClasses || (distinct >= 2 && isRatings(name, cells, table.hasDecimalComma)),
  }
}

type Chosen = Record<ColumnRole, string | null>

function chooseColumns(
  table: Table,
  file: string,
  columns: readonly TableColumn[],
  isKnown: (cell: string) => boolean,
  asked: NonNullable<CohortOptions['columns']>,
): Chosen {
  for (const name of Object.values(asked))
    if (name && !table.columns.includes(name))
      throw new InputError(
        `${file} has no column “${name}”; its columns are ${table.columns.map(column => `“${column}”`).join(', ')}. Choose one of them.`,
      )
  const taken = new Set(Object.values(asked).filter(name => typeof name === 'string'))
  const pick = (role: ColumnRole, from: readonly TableColumn[]): string | null => {
    if (asked[role] !== undefined) return asked[role]
    const free = from.filter(({ name }) => !taken.has(name))
    const found = namesOf[role].flatMap(pattern => free.filter(({ name }) => pattern.test(name)))[0]?.name
    if (found !== undefined) taken.add(found)
    return found ?? null
  }
  const hits = table.columns.map((_, at) => table.rows.filter(row => isKnown(row[at])).length)
  const most = Math.max(...hits)
  const matching = most > 0 ? columns.filter((_, at) => hits[at] === most) : columns
  const id = pick('id', matching) ?? matching[0].name
  taken.add(id)
  const [patient, split, volume] = [pick('patient', columns), pick('split', columns), pick('volume', columns)]
  // A column of one class is still the label; the sentence about it comes later.
  const label =
    pick(
      'label',
      columns.filter(column => column.canBeLabel),
    ) ??
    pick(
      'label',
      columns.filter(({ distinct }) => distinct > 0 && distinct <= mostClasses),
    ) ??
    onlyOne(
      columns.filter(column => column.canBeLabel && !taken.has(column.name)),
      asked.label,
    )
  return { id, label, patient, split, volume }
}

function onlyOne(columns: readonly TableColumn[], asked: string | null | undefined): string | null {
  return asked === undefined && columns.length === 1 ? columns[0].name : null
}

function notALabel(file: string, column: TableColumn, rows: number): InputError {
  return new InputError(
    `The column “${column.name}” of ${file} has ${column.distinct} different values in ${rows} rows; a label has at most ${mostClasses} classes. Choose another column.`,
  )
}

function noLabelColumn(file: string, columns: readonly TableColumn[]): string {
  const able = columns.filter(column => column.canBeLabel).map(({ name }) => `“${name}”`)
  return `${file} does not say which of its columns is the label${able.length > 0 ? ` (it could be ${able.join(', ')})` : ''}; choose one, or the cases have no label.`
}

/** Index of each column that is read; −1 where there is none. */
interface Layout extends Record<ColumnRole, number> {
  readonly diameter: number
  readonly lesion: number
  /** Ratings of malignancy beside a label of two classes. */
  readonly rating: number
  readonly ras: readonly number[]
  readonly lps: readonly number[]
}

function layOut(table: Table, at: (role: ColumnRole) => number, reader: ClassReader | undefined): Layout {
  const [id, label, patient, volume, split] = (['id', 'label', 'patient', 'volume', 'split'] as const).map(at)
  const find = (pattern: RegExp) => table.columns.findIndex(column => pattern.test(column))
  const axes = (pattern: (axis: string) => string) =>
    ['x', 'y', 'z'].map(axis => find(new RegExp(`^(${pattern(axis)})$`, 'i')))
  const isRating = (column: string, i: number) =>
    i !== label &&
    isRatings(
      column,
      table.rows.map(row => row[i]),
      table.hasDecimalComma,
    )
  const lesion = find(lesionColumn)
  return {
    ...{ id, label, patient, volume, split },
    diameter: find(diameterColumn),
    lesion: lesion === id || lesion === label ? -1 : lesion,
    rating: reader?.isMalignancy ? table.columns.findIndex(isRating) : -1,
    ras: axes(axis => `${axis}[_ ]?ras([_ ]?mm)?|ras[_ ]?${axis}`),
    // coordX… is LUNA16's.
    lps: axes(axis => `coord[_ ]?${axis}|${axis}[_ ]?lps([_ ]?mm)?|lps[_ ]?${axis}`),
  }
}

function readRow(
  table: Table,
  row: readonly string[],
  layout: Layout,
  reader: ClassReader | undefined,
): LabelRow {
  const cell = (index: number) => row[index] ?? ''
  const number = (index: number) => cellNumber(cell(index), table.hasDecimalComma)
  const own = reader?.read(cell(layout.label)) ?? { label: null, isIndeterminate: false }
  const rating = number(layout.rating)
  const isRatedThree = own.label !== null && !Number.isNaN(rating) && labelOfRating(rating).isIndeterminate
  const lesion = number(layout.lesion)
  const [ras, lps] = [layout.ras.map(number), layout.lps.map(number)]
  return {
    id: cell(layout.id),
    patient: cell(layout.patient) || null,
    label: own.label,
    isIndeterminate: own.isIndeterminate || isRatedThree,
    volumeMm3: volumeOf(number(layout.volume), table.columns[layout.volume], number(layout.diameter)),
    split: isMissing(cell(layout.split)) ? null : cell(layout.split),
    centreRasMm: pointOf(ras) ?? pointOf([-lps[0], -lps[1], lps[2]]),
    lesion: Number.isInteger(lesion) && lesion > 0 ? lesion : null,
  }
}

function volumeOf(volume: number, column: string, diameterMm: number): number | null {
  if (volume > 0) return volume * (/ml|cc|cm/i.test(column) ? 1000 : 1)
  return diameterMm > 0 ? (Math.PI / 6) * diameterMm ** 3 : null
}

function pointOf([x, y, z]: readonly number[]): PointMm | null {
  return [x, y, z].every(Number.isFinite) ? [x, y, z] : null
}
