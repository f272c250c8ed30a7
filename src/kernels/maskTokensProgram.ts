// Token masking as a WGSL program on plain buffers. Formula and letters: maskTokens.ts.
import text from '../../shaders/maskTokens.wgsl?raw'
import { encodeSteps, foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'

export interface MaskBuffers {
  readonly x: GPUBuffer
  readonly token: GPUBuffer
  readonly mask: GPUBuffer
  readonly output: GPUBuffer
}

const workgroup = 64

/** Channels that one thread takes: the text's only variant. */
function laneWidth(channels: number): 1 | 2 | 4 {
  return channels % 4 === 0 ? 4 : channels % 2 === 0 ? 2 : 1
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
): void {
  const [batch, d, h, w, channels] = shape
  const width = laneWidth(channels)
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
      key: `maskTokens ${JSON.stringify({ width })}`,
      code: `const WORKGROUP = ${workgroup}u;\nalias Lane = ${width === 1 ? 'f32' : `vec${width}<f32>`};\n${text}`,
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
