// How the elements of a binding lie in memory, as WGSL: plainly, or as 16-bit halves of single-precision numbers, with
// the device's own half type (`shader-f16`) or packed by twos into words, which every device can. Arithmetic is in single
// precision always. A number beyond a half's range becomes the largest half (WGSL leaves the conversion open there), and
// what is no number stays none.
import type { Declaration } from './wgslAccess.ts'

export type HalfFormat = 'f16' | 'packed'

/** How one element is read and written by units of memory; `raw` and `put` give the text for a unit's number. */
export interface ElementLayout {
  /** WGSL type of a unit. */
  readonly unit: string
  readonly unitBytes: number
  /** Value of the element `i`. */
  read(raw: (unit: string) => string): string
  /** Statements that store `value` as the element `i`. */
  write(put: (unit: string, value: string) => string): string
}

/** Conversions that the texts below call. */
export const halfLibrary: Readonly<Record<HalfFormat, string>> = {
  packed: `
fn packHalves(pair: vec2<f32>) -> u32 {
  let isNone = (bitcast<vec2<u32>>(pair) & vec2<u32>(0x7fffffffu)) > vec2<u32>(0x7f800000u);
  let inside = clamp(pair, vec2<f32>(-65504.0), vec2<f32>(65504.0));
  return select(pack2x16float(inside), 0x7e007e00u, any(isNone));
}
fn packFour(v: vec4<f32>) -> vec2<u32> { return vec2<u32>(packHalves(v.xy), packHalves(v.zw)); }
fn unpackFour(words: vec2<u32>) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
}`,
  f16: `
fn toHalves2(v: vec2<f32>) -> vec2<f16> {
  let isNone = (bitcast<vec2<u32>>(v) & vec2<u32>(0x7fffffffu)) > vec2<u32>(0x7f800000u);
  return select(vec2<f16>(clamp(v, vec2<f32>(-65504.0), vec2<f32>(65504.0))), vec2<f16>(v), isNone);
}
fn toHalves4(v: vec4<f32>) -> vec4<f16> {
  let isNone = (bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  return select(vec4<f16>(clamp(v, vec4<f32>(-65504.0), vec4<f32>(65504.0))), vec4<f16>(v), isNone);
}`,
}

const lanes: Readonly<Record<string, number>> = { f32: 1, 'vec2<f32>': 2, 'vec4<f32>': 4 }
const words: Readonly<Record<string, number>> = { ...lanes, i32: 1, u32: 1, 'vec2<u32>': 2, 'vec4<i32>': 4 }

/** Type and number of an element's parts, which must be alike. */
function partsOf(
  { name, element, members }: Declaration,
  known: typeof lanes,
): { type: string; count: number } {
  const types = members ? members.map(member => member.type) : [element]
  if (new Set(types).size === 1 && Object.hasOwn(known, types[0]))
    return { type: types[0], count: types.length }
  throw new Error(`Elements of type ${element} of the buffer '${name}' cannot be stored in another form.`)
}

/** Elements as the program declares them. @throws Error for a type whose size is not known here. */
export function plainLayout(declaration: Declaration): ElementLayout {
  const { type, count } = partsOf(declaration, words)
  return {
    unit: declaration.element,
    unitBytes: 4 * words[type] * count,
    read: raw => raw('i'),
    write: put => put('i', 'value'),
  }
}

type Codec = Pick<ElementLayout, 'unit' | 'unitBytes'> & {
  decode(raw: (unit: string) => string, unit: string): string
  encode(value: string): string
}

const single: Readonly<Record<HalfFormat, Codec>> = {
  packed: {
    ...{ unit: 'u32', unitBytes: 4, encode: value => value },
    decode: (raw, at) => `unpack2x16float(${raw(`(${at}) >> 1u`)})[(${at}) & 1u]`,
  },
  f16: {
    ...{ unit: 'f16', unitBytes: 2, encode: value => value },
    decode: (raw, at) => `f32(${raw(at)})`,
  },
}

const codecs: Readonly<Record<HalfFormat, Readonly<Record<number, Codec>>>> = {
  packed: {
    1: single.packed,
    2: {
      ...{ unit: 'u32', unitBytes: 4, encode: value => `packHalves(${value})` },
      decode: (raw, at) => `unpack2x16float(${raw(at)})`,
    },
    4: {
      ...{ unit: 'vec2<u32>', unitBytes: 8, encode: value => `packFour(${value})` },
      decode: (raw, at) => `unpackFour(${raw(at)})`,
    },
  },
  f16: {
    1: single.f16,
    2: {
      ...{ unit: 'vec2<f16>', unitBytes: 4, encode: value => `toHalves2(${value})` },
      decode: (raw, at) => `vec2<f32>(${raw(at)})`,
    },
    4: {
      ...{ unit: 'vec4<f16>', unitBytes: 8, encode: value => `toHalves4(${value})` },
      decode: (raw, at) => `vec4<f32>(${raw(at)})`,
    },
  },
}

/** @throws Error for elements that are no floats by one, two or four, or are written one by one: two share a word. */
export function halfLayout(declaration: Declaration, format: HalfFormat): ElementLayout {
  const { name, element, members, isWritable } = declaration
  const { type, count } = partsOf(declaration, lanes)
  if (isWritable && lanes[type] === 1)
    throw new Error(
      `The buffer '${name}' is written number by number, which halves that share a word cannot be.`,
    )
  const { unit, unitBytes, decode, encode } = codecs[format][lanes[type]]
  if (!members)
    return {
      ...{ unit, unitBytes },
      read: raw => decode(raw, 'i'),
      write: put => put('i', encode('value')),
    }
  const at = (part: number) => `${count}u * i + ${part}u`
  return {
    ...{ unit, unitBytes },
    read: raw => `${element}(${members.map((_, part) => decode(raw, at(part))).join(', ')})`,
    write: put => members.map((member, part) => put(at(part), encode(`value.${member.name}`))).join(' '),
  }
}
