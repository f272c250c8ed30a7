// Shifted-window attention, backward, as a WGSL program on plain buffers: dQkv, dQkvBias and dBiasTable from dOutput.
// Probabilities are recomputed, so nothing of the forward pass is kept but its inputs. Passes: windowAttentionGrad.wgsl.
// A composition that keeps the scores of all windows does six products of a head's width a pair, forward and backward,
// where this does ten: it is faster while scores are few and memory costs nothing (8³ tokens on a software adapter), and
// needs T floats a token and head where this needs two.
import gradientText from '../../shaders/windowAttentionGrad.wgsl?raw'
import keysText from '../../shaders/windowAttentionGradKeys.wgsl?raw'
import sumsText from '../../shaders/windowAttentionGradSums.wgsl?raw'
import type { Triple } from '../base/shape.ts'
import {
  bindWhole,
  type DeviceFacts,
  type GpuKernel,
  type KernelBindings,
  type Shape,
  type TensorBinding,
} from './gpuKernel.ts'
import { foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import {
  attentionWorkgroup,
  countPadding,
  requireTile,
  shareSlots,
  slotWorkgroups,
  windowsPrelude,
  windowUniforms,
} from './windowAttentionProgram.ts'
import { measureWindows, readWindowAttributes, type WindowAttributes } from './windowLayout.ts'

/** About what keeps a large GPU busy: windows are spread over so many threads before one of them takes a second window. */
const enoughThreads = 131_072
/** Floats that the sums over pairs may take, 32 MiB, where one slice does not take more. */
const mostPairSums = 8 << 20

/** What the shader keeps of a slot in workgroup memory beside two rows: `Slot` and two numbers. */
const otherBytes = 24

/** Slices of windows, each with sums of its own over the pairs of its windows. */
function windowSlices(batch: number, windows: number, heads: number, tokens: number): number {
  const threads = heads * attentionWorkgroup * Math.ceil(tokens / attentionWorkgroup)
  const fitting = Math.max(1, Math.floor(mostPairSums / (heads * tokens ** 2)))
  return Math.min(batch * windows, Math.ceil(enoughThreads / threads), fitting)
}

/** Numbers of the scratch buffers: padding, statistics, sums over pairs. */
function gradientScratch(qkv: Shape, attributes: WindowAttributes): number[] {
  const [batch, d, h, w, features] = qkv
  const { windows, tokens } = measureWindows([d, h, w], attributes)
  const { heads } = attributes
  return [
    // A grid without padding still needs something to bind.
    Math.max(1, batch * countPadding([d, h, w], attributes)) * features,
    2 * batch * windows * heads * tokens,
    windowSlices(batch, windows, heads, tokens) * heads * tokens ** 2,
  ]
}

/** Which buffers each pass binds; an automatic layout has no place for others. */
const passBindings = {
  differentiateQueries: [1, 2, 3, 4, 5, 6, 7],
  differentiateKeys: [1, 2, 3, 4, 5, 6, 7, 8],
  joinSlices: [8],
  sumTable: [8, 9],
  sumPadding: [6, 10],
} as const

function gradientSteps(
  { inputs, outputs, scratch }: KernelBindings,
  attributes: WindowAttributes,
  { limits }: DeviceFacts,
): ComputeStep[] {
  const [qkv, qkvBias, biasTable, dOutput] = inputs as TensorBinding[]
  const [dQkv, dQkvBias, dBiasTable] = outputs
  const [padding, statistics, pairSums] = scratch
  const [batch, d, h, w, features] = qkv.shape
  const grid: Triple = [d, h, w]
  const { heads, window } = attributes
  samplesPerBinding(1, [qkv.size], limits.maxStorageBufferBindingSize, 256)
  const { windows, tokens } = measureWindows(grid, attributes)
  const headWidth = features / (3 * heads)
  const slices = windowSlices(batch, windows, heads, tokens)
  // q, dy and two sums of keys; or k, v, dk and dv
  const share = shareSlots(tokens, headWidth, 4)
  const prelude = windowsPrelude(headWidth, window, share, requireTile(headWidth, otherBytes))
  const threads = (count: number) => foldWorkgroups(Math.ceil(count / share.threads))
  const workgroups: Record<keyof typeof passBindings, [number, number, number]> = {
    differentiateQueries: slotWorkgroups(batch, grid, attributes, share),
    differentiateKeys: foldWorkgroups(heads * Math.ceil(tokens / (share.threads * share.perThread)), slices),
    joinSlices: threads(heads * tokens ** 2),
    sumTable: threads((2 * window - 1) ** 3 * heads),
    sumPadding: threads(3 * heads),
  }
  const storage = [
    ...[qkv, qkvBias, biasTable, dOutput, dQkv],
    // The shader asks for the length of the sums.
    ...[padding, statistics, { ...pairSums, size: 4 * slices * heads * tokens ** 2 }, dBiasTable, dQkvBias],
  ].map(bindWhole)
  const step = (entryPoint: keyof typeof passBindings): ComputeStep => ({
    key: `windowAttentionGrad ${JSON.stringify({ headWidth, window, ...share })}`,
    code: prelude + gradientText + keysText + sumsText,
    entryPoint,
    workgroups: workgroups[entryPoint],
    uniforms: windowUniforms(batch, grid, attributes),
    buffers: Object.fromEntries(passBindings[entryPoint].map(n => [n, storage[n - 1]])),
  })
  return (Object.keys(passBindings) as (keyof typeof passBindings)[]).map(step)
}

/**
 * The gradient as a kernel: qkv, qkvBias, biasTable, dOutput [B,d,h,w,C] → dQkv, dQkvBias, dBiasTable. An error where a
 * buffer is larger than the device may bind: the sums run over the whole batch at once.
 */
export const windowAttentionGradientKernel: GpuKernel = {
  name: 'WindowAttentionGradient',
  inputs: ['qkv', 'qkvBias', 'biasTable', 'dOutput'],
  shapes: inputs => inputs.slice(0, 3).map(shape => [...shape!]),
  scratch: ([qkv], attributes) => gradientScratch(qkv!, readWindowAttributes(attributes)),
  steps: (bindings, attributes, device) => gradientSteps(bindings, readWindowAttributes(attributes), device),
}
