// Compressed DICOM frames for tests, made by the encoders that come with the decoders.
import { joinBytes } from '../testScans.ts'
import { loadCodecs, photometricMonochrome2, type FrameFormat } from './codec.ts'

let codecs: ReturnType<typeof loadCodecs> | undefined

const encoders: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.5': 'EncodeRle',
  '1.2.840.10008.1.2.4.80': 'EncodeJpegLs',
  '1.2.840.10008.1.2.4.90': 'EncodeJpeg2000',
  '1.2.840.10008.1.2.4.201': 'EncodeHtJpeg2000',
}

/** One frame of unsigned pixels, `bitsAllocated` each, losslessly. */
export async function encodeFrame(
  pixels: Uint8Array,
  { transferSyntax, rows, columns, bitsAllocated, bitsStored }: Omit<FrameFormat, 'isSigned'>,
): Promise<Uint8Array> {
  codecs ??= loadCodecs()
  const wasm = await codecs
  const context = wasm.CreateCodecsContext()
  wasm.SetColumns(context, columns)
  wasm.SetRows(context, rows)
  wasm.SetBitsAllocated(context, bitsAllocated)
  wasm.SetBitsStored(context, bitsStored)
  wasm.SetSamplesPerPixel(context, 1)
  wasm.SetPixelRepresentation(context, 0)
  wasm.SetPlanarConfiguration(context, 0)
  wasm.SetPhotometricInterpretation(context, photometricMonochrome2)
  wasm.SetDecodedBufferSize(context, pixels.length)
  const input = wasm.GetDecodedBuffer(context)
  new Uint8Array(wasm.memory.buffer).set(pixels, input)
  const parameters = wasm.CreateEncoderParameters()
  wasm.SetLossy(parameters, 0)
  wasm[encoders[transferSyntax]](context, parameters)
  const output = wasm.GetEncodedBuffer(context)
  return new Uint8Array(wasm.memory.buffer).slice(output, output + wasm.GetEncodedBufferSize(context))
}

/** Pixel data of undefined length (PS3.5 A.4): an empty offset table, then one fragment a frame. */
export function encapsulate(frames: readonly Uint8Array[]): Uint8Array {
  const words = (...values: readonly number[]) => new Uint8Array(Uint32Array.from(values).buffer)
  const item = (bytes: Uint8Array) => {
    const even = bytes.length % 2 ? joinBytes(bytes, Uint8Array.of(0)) : bytes
    return joinBytes(words(0xe000fffe, even.length), even)
  }
  const head = joinBytes(
    words(0x00107fe0),
    new TextEncoder().encode('OB'),
    new Uint8Array(2),
    words(0xffffffff),
  )
  return joinBytes(head, ...[new Uint8Array(0), ...frames].map(item), words(0xe0ddfffe, 0))
}
