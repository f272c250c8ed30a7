// Token masking as a WGSL program on plain buffers. Formula and letters: maskTokens.ts.
import text from '../../shaders/maskTokens.wgsl?raw'
import { encodeSteps, foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'

export interface MaskBuffers {
  readonly x: GPUBuffer
  readonly token: GPUBuffer
  readonly mask: GPUBuffer
  readonly output: GPUBuffer
}

/** All that changes the program's text, and its cache key. */
interface MaskVariant {
  /** Channels that one thread takes. */
  readonly width: 1 | 2 | 4
  /** tfjs keeps whole numbers as such in a buffer, even of a tensor that was cast to float32. */
  readonly maskNumber: 'f32' | 'i32'
}

const workgroup = 64

function laneWidth(channels: number): MaskVariant['width'] {
  return channels % 4 === 0 ? 4 : channels % 2 === 0 ? 2 : 1
}

function maskTokensText({ width, maskNumber }: MaskVariant): string {
  const lane = width === 1 ? 'f32' : `vec${width}<f32>`
  return `const WORKGROUP = ${workgroup}u;\nalias Lane = ${lane};\nalias MaskNumber = ${maskNumber};\n${text}`
}

/**
 * Records masking of x [B,d,h,w,C] into `output`, in several dispatches where the batch is larger than the device may
 * bind. @throws Error when a single sample is too large to bind.
 */
export function encodeMaskTokens(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  { x, token, mask, output }: MaskBuffers,
  shape: readonly number[],
  maskNumber: MaskVariant['maskNumber'] = 'f32',
): void {
  const [batch, d, h, w, channels] = shape
  const variant: MaskVariant = { width: laneWidth(channels), maskNumber }
  const { width } = variant
  const tokenBytes = 4 * d * h * w // one mask value each
  const { maxStorageBufferBindingSize, minStorageBufferOffsetAlignment } = device.limits
  const samples = samplesPerBinding(
    batch,
    [tokenBytes, tokenBytes * channels],
    maxStorageBufferBindingSize,
    minStorageBufferOffsetAlignment,
  )
  const steps: ComputeStep[] = []
  for (let first = 0; first < batch; first += samples) {
    const count = Math.min(samples, batch - first)
    const lanes = (count * d * h * w * channels) / width
    const part = (buffer: GPUBuffer, bytes: number) => ({
      buffer,
      offset: first * bytes,
      size: count * bytes,
    })
    steps.push({
      key: `maskTokens ${JSON.stringify(variant)}`,
      code: maskTokensText(variant),
      entryPoint: 'main',
      workgroups: foldWorkgroups(Math.ceil(lanes / workgroup)),
      uniforms: Uint32Array.of(lanes, channels / width),
      buffers: {
        1: part(x, tokenBytes * channels),
        2: { buffer: token },
        3: part(mask, tokenBytes),
        4: part(output, tokenBytes * channels),
      },
    })
  }
  encodeSteps(device, encoder, steps)
}
