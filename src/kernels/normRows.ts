// Layer normalisation of rows as WGSL programs: of rows as they lie in memory, or gathered for patch merging without the
// gathered grid ever being stored. Formulas: shaders/normRows.wgsl and normRowsGrad.wgsl.
import gradMergedText from '../../shaders/normRowsGradMerged.wgsl?raw'
import gradPlainText from '../../shaders/normRowsGradPlain.wgsl?raw'
import gradText from '../../shaders/normRowsGrad.wgsl?raw'
import mergedText from '../../shaders/normRowsMerged.wgsl?raw'
import plainText from '../../shaders/normRowsPlain.wgsl?raw'
import registersText from '../../shaders/normSumRegisters.wgsl?raw'
import subgroupsText from '../../shaders/normSumSubgroups.wgsl?raw'
import rowsText from '../../shaders/normRows.wgsl?raw'
import sharedText from '../../shaders/normSumShared.wgsl?raw'
import type { DeviceFacts, KernelBindings, TensorBinding } from './gpuKernel.ts'
import type { ComputeStep } from './gpuProgram.ts'
import {
  bindEach,
  bindPart,
  joinSlices,
  rowParts,
  rowsPerSlice,
  slicesOf,
  sliceScratch,
  type RowPart,
} from './rowParts.ts'
import { bindTensor, flatStep, flatWorkgroup, laneText, laneWidth } from './stepParts.ts'

export const layerNormEpsilon = 1e-5

/** What is normalised: `rows` rows of `channels` in each sample. */
export interface NormRows {
  readonly samples: number
  readonly rows: number
  readonly channels: number
  readonly isAffine: boolean
  /** Where rows are gathered: sides of the grid x, and the child that stands in each of the eight slots. */
  readonly merge?: { readonly grid: readonly number[]; readonly order: readonly number[] }
}

const sampleFloatsOfX = ({ rows, channels, merge }: NormRows) =>
  merge ? (merge.grid.reduce((a, b) => a * b) * channels) / 8 : rows * channels

/** Channels that lie together: lanes must not reach over the edge between two children. */
const widthOf = ({ channels, merge }: NormRows) => laneWidth(merge ? channels / 8 : channels)

/** Threads of a row in the shared family: one lane each where a workgroup has as many, so that short rows share one. */
function threadsPerRow(norm: NormRows): number {
  const lanes = norm.channels / widthOf(norm)
  return Math.min(flatWorkgroup, 2 ** Math.ceil(Math.log2(Math.max(2, lanes / 2))))
}

function program(norm: NormRows, tiles: DeviceFacts['tiles'], isGradient: boolean) {
  const { channels, isAffine, merge } = norm
  const width = widthOf(norm)
  const group = tiles === 'registers' ? 1 : threadsPerRow(norm)
  const affine = isAffine
    ? `@group(0) @binding(3) var<storage, read> weight: array<Lane>;
@group(0) @binding(4) var<storage, read> bias: array<Lane>;
fn affine(y: Lane, lane: u32) -> Lane { return y * weight[lane] + bias[lane]; }
fn scaled(dy: Lane, lane: u32) -> Lane { return dy * weight[lane]; }`
    : `fn affine(y: Lane, lane: u32) -> Lane { return y; }
fn scaled(dy: Lane, lane: u32) -> Lane { return dy; }`
  const usesSubgroups = tiles === 'subgroups'
  const gradient = gradText + (merge ? gradMergedText : gradPlainText)
  const text = [
    laneText(width),
    `fn firstOf(a: Lane) -> f32 { return ${width === 1 ? 'a' : 'a.x'}; }`,
    `const CHANNELS = ${channels}u;\nconst EPSILON = ${layerNormEpsilon};`,
    merge ? mergedText : plainText,
    group === 1 ? registersText : `const GROUP = ${group}u;\n${usesSubgroups ? subgroupsText : sharedText}`,
    affine,
    rowsText,
    isGradient ? gradient : '',
  ]
  const variant = {
    ...{ channels, width, group, usesSubgroups },
    ...{ isAffine, isMerged: merge !== undefined, isGradient },
  }
  return { key: `normRows ${JSON.stringify(variant)}`, code: text.join('\n'), group, usesSubgroups }
}

function uniformsOf(norm: NormRows, part: RowPart): Uint32Array<ArrayBuffer> {
  const { channels, merge } = norm
  const slice = rowsPerSlice(norm.rows)
  const firstSlice = part.firstSample * slicesOf(norm.rows) + part.firstRow / slice
  const firstRow = part.firstSample * norm.rows + part.firstRow
  const lanes = channels / widthOf(norm)
  const own = [part.samples * part.rows, lanes, part.rows, slice, firstSlice, firstRow]
  if (!merge) return Uint32Array.from(own)
  const order = merge.order.reduce((packed, child, slot) => packed | (child << (3 * slot)), 0)
  return Uint32Array.of(...own, order, 0, ...merge.grid)
}

/** How the parts of a kernel's tensors are bound. */
function binder(norm: NormRows, device: DeviceFacts) {
  const { samples, rows, channels, merge } = norm
  const xFloats = sampleFloatsOfX(norm)
  const parts = rowParts(samples, rows, [rows * channels, xFloats], device, !merge)
  const bindX = (x: TensorBinding, part: RowPart) =>
    merge
      ? bindTensor(x, device, part.firstSample * xFloats, part.samples * xFloats)
      : bindPart(x, part, rows, channels, device)
  const bindRows = (tensor: TensorBinding, part: RowPart) => bindPart(tensor, part, rows, channels, device)
  return { parts, bindX, bindRows }
}

/** y of x, and of weight and bias [channels] where the rows are affine. */
export function normaliseSteps(
  norm: NormRows,
  { inputs, outputs: [y] }: KernelBindings,
  device: DeviceFacts,
): ComputeStep[] {
  const [x, weight, bias] = inputs
  const { group, ...own } = program(norm, device.tiles, false)
  const { parts, bindX, bindRows } = binder(norm, device)
  return parts.map(part =>
    flatStep({
      ...own,
      entryPoint: 'normalise',
      threads: part.samples * part.rows * group,
      uniforms: uniformsOf(norm, part),
      buffers: {
        1: bindX(x!, part),
        2: bindRows(y, part),
        ...bindEach({ 3: weight, 4: bias }, tensor => bindTensor(tensor, device)),
      },
    }),
  )
}

/** Floats of the gradient's scratch: row statistics and, for weight and bias, sums of slices. */
export function normaliseGradientScratch({ samples, rows, channels, isAffine }: NormRows): number[] {
  const sums = sliceScratch(samples * slicesOf(rows), channels)
  return [2 * samples * rows, ...(isAffine ? [...sums, ...sums] : [])]
}

/** Inputs x, dOutput [, weight]; outputs dx [, dWeight, dBias]. */
export function normaliseGradientSteps(
  norm: NormRows,
  { inputs: [x, dOutput, weight], outputs: [dx, dWeight, dBias], scratch }: KernelBindings,
  device: DeviceFacts,
): ComputeStep[] {
  const [statistics, ...sums] = scratch
  const { group, ...own } = program(norm, device.tiles, true)
  const { parts, bindX, bindRows } = binder(norm, device)
  const rowSteps = parts.map(part =>
    flatStep({
      ...own,
      entryPoint: 'differentiateRows',
      threads: part.samples * part.rows * group,
      uniforms: uniformsOf(norm, part),
      buffers: {
        1: bindX(x!, part),
        ...bindEach({ 3: weight }, tensor => bindTensor(tensor, device)),
        5: bindRows(dOutput!, part),
        6: bindX(dx, part),
        7: bindTensor(statistics, device),
      },
    }),
  )
  if (!norm.isAffine) return rowSteps
  const slices = norm.samples * slicesOf(norm.rows)
  const weights = joinSlices(sums.slice(0, sums.length / 2), dWeight, slices, device)
  const biases = joinSlices(sums.slice(sums.length / 2), dBias, slices, device)
  const parameterSteps = parts.map(part =>
    flatStep({
      ...own,
      entryPoint: 'differentiateParameters',
      threads:
        (part.samples * Math.ceil(part.rows / rowsPerSlice(norm.rows)) * norm.channels) / widthOf(norm),
      uniforms: uniformsOf(norm, part),
      buffers: {
        1: bindX(x!, part),
        5: bindRows(dOutput!, part),
        7: bindTensor(statistics, device),
        8: bindTensor(weights.sums, device),
        9: bindTensor(biases.sums, device),
      },
    }),
  )
  return [...rowSteps, ...parameterSteps, ...weights.steps, ...biases.steps]
}
