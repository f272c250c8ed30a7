// Token masking as a WGSL program on plain buffers. Formula and letters: maskTokens.ts.
import text from '../../shaders/maskTokens.wgsl?raw'
import { bindSamples, bindWhole, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import { foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'

/** Output shape. @throws Error in a sentence when the inputs do not fit each other. */
export function maskTokensShape(
  x: readonly number[],
  token: readonly number[],
  mask: readonly number[],
): number[] {
  const [B, d, h, w, C] = x
  if (x.length !== 5)
    throw new Error(`maskTokens: expected x of shape [B, d, h, w, C], got [${x.join(', ')}]`)
  if (token.reduce((a, b) => a * b, 1) !== C)
    throw new Error(`maskTokens: expected a mask token of ${C} channels, got [${token.join(', ')}]`)
  if (mask.join() !== [B, d, h, w].join())
    throw new Error(
      `maskTokens: expected a mask of shape [${[B, d, h, w].join(', ')}], got [${mask.join(', ')}]`,
    )
  return [B, d, h, w, C]
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
 * The kernel: x [B,d,h,w,C], token [C], mask [B,d,h,w] → [B,d,h,w,C], in several dispatches where the batch is larger
 * than the device may bind; an error where a single sample is.
 */
export const maskTokensKernel: GpuKernel = {
  name: 'MaskTokens',
  inputs: ['x', 'token', 'mask'],
  shapes: ([x, token, mask]) => [maskTokensShape(x!, token!, mask!)],
  steps({ inputs, outputs: [output] }, _, { limits }) {
    const [x, token, mask] = inputs as TensorBinding[]
    const [batch, d, h, w, channels] = x.shape
    const variant: MaskVariant = {
      width: laneWidth(channels),
      maskNumber: mask.dtype === 'float32' ? 'f32' : 'i32',
    }
    const tokenBytes = 4 * d * h * w // one mask value each
    const { maxStorageBufferBindingSize, minStorageBufferOffsetAlignment } = limits
    const samples = samplesPerBinding(
      batch,
      [tokenBytes, tokenBytes * channels],
      maxStorageBufferBindingSize,
      minStorageBufferOffsetAlignment,
    )
    const steps: ComputeStep[] = []
    for (let first = 0; first < batch; first += samples) {
      const count = Math.min(samples, batch - first)
      const lanes = (count * d * h * w * channels) / variant.width
      steps.push({
        key: `maskTokens ${JSON.stringify(variant)}`,
        code: maskTokensText(variant),
        entryPoint: 'main',
        workgroups: foldWorkgroups(Math.ceil(lanes / workgroup)),
        uniforms: Uint32Array.of(lanes, channels / variant.width),
        buffers: {
          1: bindSamples(x, first, count),
          2: bindWhole(token),
          3: bindSamples(mask, first, count),
          4: bindSamples(output, first, count),
        },
      })
    }
    return steps
  },
}
