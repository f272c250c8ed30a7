// Shifted-window attention, backward, as a WGSL program on plain buffers: dQkv, dQkvBias and dBiasTable from dOutput.
// Probabilities are recomputed, so nothing of the forward pass is kept but its inputs. Passes: windowAttentionGrad.wgsl.
import gradientText from '../../shaders/windowAttentionGrad.wgsl?raw'
import type { Triple } from '../base/shape.ts'
import { encodeSteps, foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import {
  attentionWorkgroup,
  countPadding,
  slotWorkgroups,
  windowsPrelude,
  windowUniforms,
} from './windowAttentionProgram.ts'
import { measureWindows, type WindowAttributes } from './windowLayout.ts'

export interface AttentionGradientBuffers {
  readonly qkv: GPUBuffer
  readonly qkvBias: GPUBuffer
  readonly biasTable: GPUBuffer
  readonly dOutput: GPUBuffer
  readonly dQkv: GPUBuffer
  readonly dQkvBias: GPUBuffer
  readonly dBiasTable: GPUBuffer
  /** Scratch, of the sizes that `gradientScratch` gives. */
  readonly padding: GPUBuffer
  readonly statistics: GPUBuffer
  readonly pairSums: GPUBuffer
}

/** Numbers (not bytes) of each scratch buffer. */
export interface GradientScratch {
  readonly padding: number
  readonly statistics: number
  readonly pairSums: number
}

/** Threads that the sum over windows is spread over, at least; a window's pairs alone are few where heads are few. */
const wantedPairThreads = 65_536

function pairSlices(batch: number, windows: number, pairs: number): number {
  return Math.min(batch * windows, Math.ceil(wantedPairThreads / pairs))
}

/** Sizes of the scratch buffers for qkv of this shape. */
export function gradientScratch(qkvShape: readonly number[], attributes: WindowAttributes): GradientScratch {
  const [batch, d, h, w, features] = qkvShape
  const { windows, tokens } = measureWindows([d, h, w], attributes)
  const pairs = attributes.heads * tokens ** 2
  return {
    // A grid without padding still needs something to bind.
    padding: Math.max(1, batch * countPadding([d, h, w], attributes)) * features,
    statistics: 2 * batch * windows * attributes.heads * tokens,
    pairSums: pairSlices(batch, windows, pairs) * pairs,
  }
}

/** Which buffers each pass binds; an automatic layout has no place for others. */
const passBindings = {
  differentiateQueries: [1, 2, 3, 4, 5, 6, 7],
  differentiateKeys: [1, 2, 3, 4, 5, 6, 7],
  sumPairs: [1, 2, 3, 4, 7, 8],
  sumTable: [8, 9],
  sumPadding: [6, 10],
} as const

/**
 * Records the gradients of window attention with qkv [B,d,h,w,3C] and dOutput [B,d,h,w,C].
 * @throws Error when a buffer is larger than the device may bind: the sums run over the whole batch at once.
 */
export function encodeWindowAttentionGradient(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  b: AttentionGradientBuffers,
  qkvShape: readonly number[],
  attributes: WindowAttributes,
): void {
  const [batch, d, h, w, features] = qkvShape
  const grid: Triple = [d, h, w]
  const { heads, window } = attributes
  samplesPerBinding(1, [qkvShape.reduce((a, n) => a * n, 4)], device.limits.maxStorageBufferBindingSize, 256)
  const { windows, tokens } = measureWindows(grid, attributes)
  const headWidth = features / (3 * heads)
  const pairs = heads * tokens ** 2
  const threads = (count: number, slices = 1) => foldWorkgroups(Math.ceil(count / attentionWorkgroup), slices)
  const workgroups: Record<keyof typeof passBindings, [number, number, number]> = {
    differentiateQueries: slotWorkgroups(batch, grid, attributes),
    differentiateKeys: slotWorkgroups(batch, grid, attributes),
    sumPairs: threads(pairs, pairSlices(batch, windows, pairs)),
    sumTable: threads((2 * window - 1) ** 3 * heads),
    sumPadding: threads(3 * heads),
  }
  const storage = [
    ...[b.qkv, b.qkvBias, b.biasTable, b.dOutput, b.dQkv],
    ...[b.padding, b.statistics, b.pairSums, b.dBiasTable, b.dQkvBias],
  ]
  const step = (entryPoint: keyof typeof passBindings): ComputeStep => ({
    key: `windowAttentionGrad ${JSON.stringify({ headWidth, window })}`,
    code: windowsPrelude(headWidth, window) + gradientText,
    entryPoint,
    workgroups: workgroups[entryPoint],
    uniforms: windowUniforms(batch, grid, attributes),
    buffers: Object.fromEntries(passBindings[entryPoint].map(n => [n, { buffer: storage[n - 1] }])),
  })
  const order = Object.keys(passBindings) as (keyof typeof passBindings)[]
  encodeSteps(device, encoder, order.map(step))
}
