import { describe, expect, it } from 'vitest'
import { InputError } from '../base/errors.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

/** A file with any header text and some data bytes. */
function fileWith(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header)
  const file = new Uint8Array(8 + text.length + dataBytes)
  new DataView(file.buffer).setUint32(0, text.length, true)
  file.set(text, 8)
  return file
}

describe('safetensors', () => {
  it('reads back what it wrote, whatever the types and shapes', () => {
    const tensors = {
      weight: { dtype: 'F32', shape: [2, 3], data: Float32Array.from([1, -2, 3.5, 0, 1e-30, 7]) },
      odd: { dtype: 'U8', shape: [3], data: Uint8Array.from([1, 2, 255]) },
      scalar: { dtype: 'F64', shape: [], data: Float64Array.from([Math.PI]) },
      whole: { dtype: 'I32', shape: [2], data: Int32Array.from([-5, 2 ** 31 - 1]) },
    } as const
    // Node's files arrive as Buffer, whose `slice` shares memory.
    const file = readSafetensors(Buffer.from(writeSafetensors(tensors, { made: 'here' })))
    expect(file.metadata).toEqual({ made: 'here' })
    for (const [name, tensor] of Object.entries(tensors)) {
      expect(file.tensors[name].shape).toEqual(tensor.shape)
      expect(Array.from(file.tensors[name].data)).toEqual(Array.from(tensor.data))
    }
  })

  it('starts its data on a multiple of eight bytes', () => {
    const file = writeSafetensors({ a: { dtype: 'U8', shape: [1], data: Uint8Array.of(9) } })
    expect(new DataView(file.buffer).getUint32(0, true) % 8).toBe(0)
  })

  it.each([
    ['an empty file', new Uint8Array(3)],
    ['a header longer than the file', new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 1])],
    ['a header that is no JSON', fileWith('{"a":', 0)],
    ['a tensor beyond the end', fileWith('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 4)],
    [
      'a shape that does not fill its bytes',
      fileWith('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', 8),
    ],
    [
      'a huge shape',
      fileWith('{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,8]}}', 8),
    ],
    ['a negative offset', fileWith('{"a":{"dtype":"U8","shape":[8],"data_offsets":[-8,0]}}', 8)],
    ['an unknown type', fileWith('{"a":{"dtype":"BF17","shape":[1],"data_offsets":[0,2]}}', 2)],
    [
      'a type from the prototype',
      fileWith('{"a":{"dtype":"constructor","shape":[1],"data_offsets":[0,2]}}', 2),
    ],
    [
      'overlapping tensors',
      fileWith(
        '{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}',
        8,
      ),
    ],
    [
      'tensors that overlap where another part of the file is left over',
      fileWith(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        8,
      ),
    ],
    ['a gap before a tensor', fileWith('{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}', 8)],
    ['bytes after the last tensor', fileWith('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 5)],
    [
      'fewer bytes than the shape needs',
      fileWith('{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}', 8),
    ],
    ['a fractional size', fileWith('{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}', 1)],
    ['metadata that is no table of texts', fileWith('{"__metadata__":{"step":7}}', 0)],
    ['a list for a header', fileWith('[]', 0)],
    [
      'a picture',
      Uint8Array.from({ length: 64 }, (_, at) => [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10][at % 8]),
    ],
  ])('refuses %s in a sentence', (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(InputError)
    expect(() => readSafetensors(bytes)).toThrow(/choose a complete \.safetensors file/)
  })
})
