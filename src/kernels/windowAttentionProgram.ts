// Shifted-window attention, forward, as a WGSL program on plain buffers. Formula and letters: windowAttention.ts.
import softmaxText from '../../shaders/lib/onlineSoftmax.wgsl?raw'
import windowsText from '../../shaders/lib/shiftedWindows.wgsl?raw'
import attentionText from '../../shaders/windowAttention.wgsl?raw'
import type { Triple } from '../base/shape.ts'
import { bindSamples, bindWhole, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import { foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import {
  measureWindows,
  readWindowAttributes,
  windowAttentionShape,
  type WindowAttributes,
} from './windowLayout.ts'

export const attentionWorkgroup = 64
const floatBytes = 4
/** WebGPU's guaranteed workgroup memory, 16 KiB. */
const workgroupBytes = 16_384
/** The shader takes keys by fours. */
const keyBlock = 4

/** Numbers of its slots' rows that a thread may hold in registers. */
const mostNumbersHeld = 128

/**
 * Slots of which two rows of a head's width and `otherBytes` fit into workgroup memory; 0 when not even one block of
 * them does.
 */
export function keysPerTile(headWidth: number, otherBytes = 8): number {
  const keys = Math.floor(workgroupBytes / (2 * headWidth * floatBytes + otherBytes))
  return Math.min(attentionWorkgroup, keyBlock * Math.floor(keys / keyBlock))
}

/** As `keysPerTile`. @throws Error where not even one block fits */
export function requireTile(headWidth: number, otherBytes?: number): number {
  const keys = keysPerTile(headWidth, otherBytes)
  if (keys === 0)
    throw new Error(
      `Window attention takes heads of up to ${workgroupBytes / (2 * floatBytes * keyBlock) - keyBlock} features, got ${headWidth}.`,
    )
  return keys
}

/**
 * One head's numbers as a WGSL struct of named lanes, and what is done with it. A loop over an indexed local array would
 * say the same in less text, but compilers that do not unroll it keep the array in memory: several times slower.
 */
export function rowText(headWidth: number): string {
  const width = headWidth % 4 === 0 ? 4 : headWidth % 2 === 0 ? 2 : 1
  const lane = width === 1 ? 'f32' : `vec${width}<f32>`
  const names = Array.from({ length: headWidth / width }, (_, i) => `l${i}`)
  const row = (entry: (name: string) => string) => `Row(${names.map(entry).join(', ')})`
  const product = (name: string) => (width === 1 ? `a.${name} * b.${name}` : `dot(a.${name}, b.${name})`)
  return `
struct Row { ${names.map(name => `${name}: ${lane}`).join(', ')} }
fn dotRows(a: Row, b: Row) -> f32 { return ${names.map(product).join(' + ')}; }
fn scaleRow(a: Row, by: f32) -> Row { return ${row(name => `a.${name} * by`)}; }
fn addScaled(sum: Row, by: f32, a: Row) -> Row { return ${row(name => `sum.${name} + a.${name} * by`)}; }`
}

/** Constants, types and index arithmetic that every program over shifted windows begins with. */
export function windowsPrelude(
  headWidth: number,
  window: number,
  { threads, perThread }: SlotShare,
  tile: number,
): string {
  return `
const WORKGROUP = ${threads}u;
const PER_THREAD = ${perThread}u;
const TILE = ${tile}u;
const WINDOW = ${window}u;
const HEAD_WIDTH = ${headWidth}u;
${rowText(headWidth)}
${windowsText}`
}

/** How the slots of a window are shared out; with the window and the width of a head all that changes a program's text. */
export interface SlotShare {
  readonly threads: number
  /** Slots of a thread: what it reads of the other side of its pairs serves all of them. */
  readonly perThread: 1 | 2
}

/** @param rowsPerSlot rows of a head's width that a thread holds for each of its slots */
export function shareSlots(tokens: number, headWidth: number, rowsPerSlot: number): SlotShare {
  const perThread = 2 * rowsPerSlot * headWidth <= mostNumbersHeld ? 2 : 1
  const isSmall = perThread === 2 && tokens <= attentionWorkgroup
  return { threads: isSmall ? attentionWorkgroup / 2 : attentionWorkgroup, perThread }
}

/** Positions of a sample's padded grid that hold no token. */
export function countPadding(grid: Triple, attributes: WindowAttributes): number {
  const { windows, tokens } = measureWindows(grid, attributes)
  return windows * tokens - grid[0] * grid[1] * grid[2]
}

/** The uniform block `Windows` of lib/shiftedWindows.wgsl. */
export function windowUniforms(
  batch: number,
  grid: Triple,
  attributes: WindowAttributes,
): Uint32Array<ArrayBuffer> {
  const { window, shift, counts } = measureWindows(grid, attributes)
  const isSmit = attributes.reverse === 'smit' ? 1 : 0
  const padding = countPadding(grid, attributes)
  return Uint32Array.of(
    ...[...grid, batch],
    ...[...window, attributes.heads],
    ...[...counts, isSmit],
    ...[...shift, padding],
  )
}

/** Workgroups over all slots: [batch, window, chunk of slots, head], folded. */
export function slotWorkgroups(
  batch: number,
  grid: Triple,
  attributes: WindowAttributes,
  { threads, perThread }: SlotShare,
): [number, number, number] {
  const { windows, tokens } = measureWindows(grid, attributes)
  return foldWorkgroups(batch * windows * Math.ceil(tokens / (threads * perThread)) * attributes.heads)
}

/**
 * The kernel: qkv [B,d,h,w,3C] → [B,d,h,w,C], in several dispatches where the whole batch is larger than the device
 * may bind; an error where a single sample is.
 */
export const windowAttentionKernel: GpuKernel = {
  name: 'WindowAttention',
  inputs: ['qkv', 'qkvBias', 'biasTable'],
  shapes: ([qkv, qkvBias, biasTable], attributes) => [
    windowAttentionShape(qkv!, qkvBias!, biasTable!, readWindowAttributes(attributes)),
  ],
  steps({ inputs, outputs: [output] }, named, { limits }) {
    const [qkv, qkvBias, biasTable] = inputs as TensorBinding[]
    const attributes = readWindowAttributes(named)
    const [batch, d, h, w, features] = qkv.shape
    const grid: Triple = [d, h, w]
    const headWidth = features / (3 * attributes.heads)
    const sampleBytes = [floatBytes * d * h * w * features, (floatBytes * d * h * w * features) / 3]
    const { maxStorageBufferBindingSize, minStorageBufferOffsetAlignment } = limits
    const samples = samplesPerBinding(
      batch,
      sampleBytes,
      maxStorageBufferBindingSize,
      minStorageBufferOffsetAlignment,
    )
    const { window } = attributes
    // q and the sum of values
    const share = shareSlots(measureWindows(grid, attributes).tokens, headWidth, 2)
    const prelude = windowsPrelude(headWidth, window, share, requireTile(headWidth))
    const steps: ComputeStep[] = []
    for (let first = 0; first < batch; first += samples) {
      const count = Math.min(samples, batch - first)
      steps.push({
        key: `windowAttention ${JSON.stringify({ headWidth, window, ...share })}`,
        code: prelude + softmaxText + attentionText,
        entryPoint: 'main',
        workgroups: slotWorkgroups(count, grid, attributes, share),
        uniforms: windowUniforms(count, grid, attributes),
        buffers: {
          1: bindSamples(qkv, first, count),
          2: bindWhole(qkvBias),
          3: bindWhole(biasTable),
          4: bindSamples(output, first, count),
        },
      })
    }
    return steps
  },
}
