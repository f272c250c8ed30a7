// Compressed DICOM frames, decoded by dcmjs-codecs' WebAssembly (fo-dicom's codecs: RLE, DCMTK's libijg with 8, 12 and
// 16 bits, CharLS, OpenJPEG, OpenJPH). Cornerstone's codecs do not read 12-bit or progressive JPEG. Only the .wasm is
// used: the package's own loader calls eval, which the page's policy forbids, so its exports are called here.

/** What the decoder must know of a frame; all from the DICOM header. */
export interface FrameFormat {
  readonly transferSyntax: string
  readonly rows: number
  readonly columns: number
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly isSigned: boolean
}

type WasmFunction = (...args: number[]) => number
export type CodecExports = Record<string, WasmFunction> & { readonly memory: WebAssembly.Memory }

const decoderBySyntax: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.5': 'DecodeRle',
  '1.2.840.10008.1.2.4.50': 'DecodeJpeg',
  '1.2.840.10008.1.2.4.51': 'DecodeJpeg',
  '1.2.840.10008.1.2.4.53': 'DecodeJpeg',
  '1.2.840.10008.1.2.4.55': 'DecodeJpeg',
  '1.2.840.10008.1.2.4.57': 'DecodeJpeg',
  '1.2.840.10008.1.2.4.70': 'DecodeJpeg',
  '1.2.840.10008.1.2.4.80': 'DecodeJpegLs',
  '1.2.840.10008.1.2.4.81': 'DecodeJpegLs',
  '1.2.840.10008.1.2.4.90': 'DecodeJpeg2000',
  '1.2.840.10008.1.2.4.91': 'DecodeJpeg2000',
  '1.2.840.10008.1.2.4.201': 'DecodeHtJpeg2000',
  '1.2.840.10008.1.2.4.202': 'DecodeHtJpeg2000',
  '1.2.840.10008.1.2.4.203': 'DecodeHtJpeg2000',
}

/** MONOCHROME2's place in the codec's list; colour never reaches this file. */
export const photometricMonochrome2 = 1

/** Refused above this: a frame's own header could ask the decoder for more memory than the whole scan. */
const maxFrameBytes = 1 << 28

export function canDecode(transferSyntax: string): boolean {
  return Object.hasOwn(decoderBySyntax, transferSyntax)
}

let loading: Promise<CodecExports> | undefined

async function readWasm(): Promise<BufferSource> {
  const url = new URL('../../../node_modules/dcmjs-codecs/build/dcmjs-native-codecs.wasm', import.meta.url)
  // A plain import of node:fs would reach the page's bundle.
  if (url.protocol === 'file:') return new Uint8Array(process.getBuiltinModule('node:fs').readFileSync(url))
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`The DICOM decoders could not be loaded (HTTP ${answer.status}).`)
  return answer.arrayBuffer()
}

/** A decoder (and encoder, which tests use) with a memory of its own. */
export async function loadCodecs(): Promise<CodecExports> {
  const module = await WebAssembly.compile(await readWasm())
  const exports: { current?: CodecExports } = {}
  const text = (pointer: number, length: number) =>
    new TextDecoder().decode(new Uint8Array(exports.current!.memory.buffer, pointer, length))
  const nothing = () => 0
  const instance = await WebAssembly.instantiate(module, {
    env: {
      onCodecsException: (pointer: number, length: number) => {
        throw new Error(text(pointer, length))
      },
      onCodecsInfo: nothing,
      onCodecsTrace: nothing,
      emscripten_notify_memory_growth: nothing,
    },
    wasi_snapshot_preview1: {
      proc_exit: (code: number) => {
        throw new Error(`the decoder ended with code ${code}`)
      },
      clock_time_get: nothing,
      fd_write: nothing,
      fd_close: nothing,
      fd_seek: nothing,
      environ_get: nothing,
      environ_sizes_get: (countPointer: number, sizePointer: number) => {
        const view = new DataView(exports.current!.memory.buffer)
        view.setUint32(countPointer, 0, true)
        view.setUint32(sizePointer, 0, true)
        return 0
      },
    },
  })
  exports.current = instance.exports as unknown as CodecExports
  exports.current._initialize?.()
  return exports.current
}

/**
 * Bytes of one decoded monochrome frame, little endian, `bitsAllocated` a voxel, rows × columns.
 * @throws Error with the decoder's words when the frame is damaged or is not what its header says.
 */
export async function decodeFrame(encoded: Uint8Array, format: FrameFormat): Promise<Uint8Array> {
  const decode = decoderBySyntax[format.transferSyntax]
  const expectedBytes = (format.rows * format.columns * format.bitsAllocated) / 8
  if (expectedBytes > maxFrameBytes) throw new Error(`a frame of ${expectedBytes} bytes is too large`)
  loading ??= loadCodecs()
  const wasm = await loading
  try {
    return run(wasm, decode, encoded, format, expectedBytes)
  } catch (error) {
    loading = undefined // an exception leaves the decoder's memory as it was: start a fresh one next time
    throw error
  }
}

function run(
  wasm: CodecExports,
  decode: string,
  encoded: Uint8Array,
  format: FrameFormat,
  expectedBytes: number,
): Uint8Array {
  const context = wasm.CreateCodecsContext()
  wasm.SetColumns(context, format.columns)
  wasm.SetRows(context, format.rows)
  wasm.SetBitsAllocated(context, format.bitsAllocated)
  wasm.SetBitsStored(context, format.bitsStored)
  wasm.SetSamplesPerPixel(context, 1)
  wasm.SetPixelRepresentation(context, format.isSigned ? 1 : 0)
  wasm.SetPlanarConfiguration(context, 0)
  wasm.SetPhotometricInterpretation(context, photometricMonochrome2)
  wasm.SetEncodedBufferSize(context, encoded.length)
  const input = wasm.GetEncodedBuffer(context)
  new Uint8Array(wasm.memory.buffer).set(encoded, input)
  const parameters = wasm.CreateDecoderParameters()
  wasm[decode](context, parameters)
  const size = wasm.GetDecodedBufferSize(context)
  const output = wasm.GetDecodedBuffer(context)
  if (size < expectedBytes) throw new Error(`expected ${expectedBytes} bytes, got ${size}`)
  const decoded = new Uint8Array(wasm.memory.buffer).slice(output, output + expectedBytes)
  wasm.ReleaseDecoderParameters(parameters)
  wasm.ReleaseCodecsContext(context)
  return decoded
}
