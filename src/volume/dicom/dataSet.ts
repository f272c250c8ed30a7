// Opens a DICOM file with dicom-parser: deflated files are unpacked within a bound, files without preamble are tried,
// and text is read in the file's own character set (dicom-parser knows only bytes).
import dicomParser from 'dicom-parser'
import type { DataSet } from 'dicom-parser'
import { createByteReader } from '../byteReader.ts'

export type { DataSet }

export const pixelDataTag = 'x7fe00010'

/** A deflated header claims no size: this is more than any single CT file. */
const maxInflatedBytes = 2 ** 29

const implicitLittleEndian = '1.2.840.10008.1.2'
const explicitLittleEndian = '1.2.840.10008.1.2.1'

/** TextDecoder labels of the character sets of PS3.3 C.12.1.1.2; ISO 2022 ones are read as their first set. */
const characterSets: Readonly<Record<string, string>> = {
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 13': 'shift_jis',
  'ISO 2022 IR 13': 'shift_jis',
  'ISO 2022 IR 87': 'iso-2022-jp',
  'ISO 2022 IR 149': 'euc-kr',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
}

/**
 * The data set up to and including the head of the pixel data (`whole` false), or all of it.
 * @throws Error when the bytes are no DICOM or end too early.
 */
export function parseDataSet(bytes: Uint8Array, whole: boolean): DataSet {
  const hasPreamble = String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM'
  try {
    return dicomParser.parseDicom(bytes, {
      ...(whole ? {} : { untilTag: pixelDataTag }),
      ...(hasPreamble ? {} : { TransferSyntaxUID: guessSyntax(bytes) }),
      inflater: inflateAfter,
    })
  } catch (error) {
    throw new Error(reasonOf(error))
  }
}

/** dicom-parser throws strings, and objects that hold the exception and all that was parsed. */
function reasonOf(error: unknown): string {
  const isWrapped = typeof error === 'object' && error !== null && 'exception' in error
  return String(isWrapped ? error.exception : error)
}

/** Explicit VR shows two capital letters where implicit VR has a length. */
function guessSyntax(bytes: Uint8Array): string {
  const isCapital = (value: number) => value >= 0x41 && value <= 0x5a
  return isCapital(bytes[4]) && isCapital(bytes[5]) ? explicitLittleEndian : implicitLittleEndian
}

/** dicom-parser wants the plain header and the unpacked rest in one array. */
function inflateAfter(bytes: Uint8Array, position: number): Uint8Array {
  const rest = createByteReader(bytes.subarray(position), 'deflate').read(maxInflatedBytes)
  const joined = new Uint8Array(position + rest.length)
  joined.set(bytes.subarray(0, position))
  joined.set(rest, position)
  return joined
}

/** Text of an element in the file's character set, trimmed; '' when it is missing. */
export function readText(dataSet: DataSet, tag: string): string {
  const element = dataSet.elements[tag]
  if (!element || element.length === 0) return ''
  const sets = (dataSet.string('x00080005') ?? '').split('\\').map(name => name.trim())
  const known = sets.find(name => Object.hasOwn(characterSets, name))
  const label = known === undefined ? 'windows-1252' : characterSets[known]
  const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length)
  return new TextDecoder(label).decode(bytes).replace(/\0/g, '').trim()
}

/** Numbers of a DS or IS element, or undefined when there are fewer than `count` or one is not finite. */
export function readNumbers(dataSet: DataSet, tag: string, count: number): number[] | undefined {
  const text = dataSet.string(tag)
  if (!text) return undefined
  const parts = text.split('\\').slice(0, count)
  const numbers = parts.map(part => (part.trim() === '' ? NaN : Number(part)))
  return numbers.length === count && numbers.every(Number.isFinite) ? numbers : undefined
}

/** First item of a sequence. */
export function readItem(dataSet: DataSet | undefined, tag: string): DataSet | undefined {
  return dataSet?.elements[tag]?.items?.[0]?.dataSet
}
