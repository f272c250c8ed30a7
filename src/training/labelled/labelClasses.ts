// From the cells of a label column to classes: ratings of malignancy, yes and no, and whatever words or numbers stand there.
import { cellNumber } from '../../volume/csv.ts'

/** More different values are a measurement, not a label. */
export const mostClasses = 20

export interface ClassLabel {
  readonly label: number | null
  readonly isIndeterminate: boolean
}

export interface ClassReader {
  /** In label order; the positive one of two is the last. */
  readonly classes: readonly string[]
  /** The classes are benign and malignant: a rating of 3 elsewhere in the table makes a case indeterminate. */
  readonly isMalignancy: boolean
  read(cell: string): ClassLabel
}

export const malignancyClasses = ['benign', 'malignant'] as const

const missing = /^(|na|n\/a|nan|null|unknown|unclear|\?|-|\.)$/i
const indeterminate = /^(indeterminate|uncertain|equivocal)$/i
const negative =
  /^(0|no|n|false|f|neg(ative)?|benign|healthy|normal|control|none|absent|non[- _]?\w+|not? .+)$/i
const positive = /^(1|yes|y|true|t|pos(itive)?|malignant|cancer|present)$/i
const aboutMalignancy = /malignan|cancer/i
const ratingName = /malignan|rating|suspicio|likelihood/i

export function isMissing(cell: string): boolean {
  return missing.test(cell)
}

/** Ratings of one reader or means of several, from 1 (benign) to 5. */
export function isRatings(column: string, cells: readonly string[], hasDecimalComma: boolean): boolean {
  if (!ratingName.test(column)) return false
  const ratings = cells.filter(cell => !isMissing(cell)).map(cell => cellNumber(cell, hasDecimalComma))
  return ratings.every(rating => rating >= 1 && rating <= 5) && ratings.some(rating => rating >= 3)
}

/** Malignant: a rating that rounds to 4 or 5. One that rounds to 3 counts as benign and is marked. */
export function labelOfRating(rating: number): ClassLabel {
  return { label: rating >= 3.5 ? 1 : 0, isIndeterminate: rating >= 2.5 && rating < 3.5 }
}

/** Undefined where the column has too many different values to be a label. */
export function classReader(
  column: string,
  cells: readonly string[],
  hasDecimalComma: boolean,
): ClassReader | undefined {
  if (isRatings(column, cells, hasDecimalComma))
    return {
      classes: malignancyClasses,
      isMalignancy: true,
      read: cell =>
        isMissing(cell)
          ? { label: null, isIndeterminate: false }
          : labelOfRating(cellNumber(cell, hasDecimalComma)),
    }
  const canonical = (cell: string) => {
    const value = cellNumber(cell, hasDecimalComma)
    return Number.isFinite(value) ? String(value) : cell.toLowerCase()
  }
  const spelling = new Map<string, string>()
  for (const cell of cells) {
    if (isMissing(cell) || indeterminate.test(cell)) continue
    if (!spelling.has(canonical(cell))) spelling.set(canonical(cell), cell)
  }
  if (spelling.size > mostClasses) return undefined
  const values = [...spelling.keys()].sort(inClassOrder)
  return {
    classes: classNames(column, values, spelling),
    isMalignancy:
      values.length <= 2 && (aboutMalignancy.test(column) || values.some(one => one === 'malignant')),
    read(cell) {
      if (isMissing(cell)) return { label: null, isIndeterminate: false }
      if (indeterminate.test(cell)) return { label: null, isIndeterminate: true }
      return { label: values.indexOf(canonical(cell)), isIndeterminate: false }
    },
  }
}

/** Words for no first, words for yes last, numbers by size, the rest by alphabet. */
function inClassOrder(a: string, b: string): number {
  const rank = (value: string) => (negative.test(value) ? 0 : positive.test(value) ? 2 : 1)
  const [x, y] = [Number(a), Number(b)]
  if (Number.isFinite(x) && Number.isFinite(y)) return x - y
  return rank(a) - rank(b) || (a < b ? -1 : 1)
}

/** 0 and 1, yes and no get the column's name, so that a class says what it is. */
function classNames(
  column: string,
  values: readonly string[],
  spelling: ReadonlyMap<string, string>,
): readonly string[] {
  const isPlain = values.every(value => /^(0|1|no|n|yes|y|true|t|false|f)$/i.test(value))
  if (!isPlain) return values.map(value => spelling.get(value)!)
  if (aboutMalignancy.test(column))
    return values.map(value => malignancyClasses[negative.test(value) ? 0 : 1])
  return values.map(value => (negative.test(value) ? `no ${column}` : column))
}
