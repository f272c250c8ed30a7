// Shifted-window attention, backward, as a WGSL program on plain buffers: dQkv, dQkvBias and dBiasTable from dOutput.
// Probabilities are recomputed, so nothing of the forward pass is kept but its inputs. Passes: windowAttentionGrad.wgsl.
import gradientText from '../../shaders/windowAttentionGrad.wgsl?raw'
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
  slotWorkgroups,
  windowsPrelude,
  windowUniforms,
} from './windowAttentionProgram.ts'
import { measureWindows, readWindowAttributes, type WindowAttributes } from './windowLayout.ts'

/** Threads that the sum over windows is spread over, at least; a window's pairs alone are few where heads are few. */
const wantedPairThreads = 65_536

function pairSlices(batch: number, windows: number, pairs: number): number {
  return Math.min(batch * windows, Math.ceil(wantedPairThreads / pairs))
}

/** Numbers of the scratch buffers: padding, statistics, sums over pairs. */
function gradientScratch(qkv: Shape, attributes: WindowAttributes): number[] {
  const [batch, d, h, w, features] = qkv
  const { windows, tokens } = measureWindows([d, h, w], attributes)
  const pairs = attributes.heads * tokens ** 2
  return [
    // A grid without padding still needs something to bind.
    Math.max(1, batch * countPadding([d, h, w], attributes)) * features,
    2 * batch * windows * attributes.heads * tokens,
    pairSlices(batch, windows, pairs) * pairs,
  ]
}

/** Which buffers each pass binds; an automatic layout has no place for others. */
const passBindings = {
  differentiateQueries: [1, 2, 3, 4, 5, 6, 7],
  differentiateKeys: [1, 2, 3, 4, 5, 6, 7],
  sumPairs: [1, 2, 3, 4, 7, 8],
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
    ...[qkv, qkvBias, biasTable, dOutput, dQkv],
    ...[padding, statistics, pairSums, dBiasTable, dQkvBias],
  ].map(bindWhole)
  const step = (entryPoint: keyof typeof passBindings): ComputeStep => ({
    key: `windowAttentionGrad ${JSON.stringify({ headWidth, window })}`,
    code: windowsPrelude(headWidth, window) + gradientText,
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
