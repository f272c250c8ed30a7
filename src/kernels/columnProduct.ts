// Products of columns on plain buffers, the gradients of weights: few outputs, each a sum over very many places, in two
// stages. What a place is (a matrix's row, a voxel under a filter, a voxel and its children) is the only difference.
import productText from '../../shaders/columnProduct.wgsl?raw'
import childrenText from '../../shaders/linesOfChildren.wgsl?raw'
import voxelsText from '../../shaders/linesOfVoxels.wgsl?raw'
import plainText from '../../shaders/linesPlain.wgsl?raw'
import type { DeviceFacts, TensorBinding } from './gpuKernel.ts'
import { foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import { samplesOf } from './rowProduct.ts'
import { sumSlicesStep } from './sliceSum.ts'

export interface ColumnProduct {
  readonly source: 'plain' | 'voxels' | 'children'
  /** The output is [segments, rows, columns]. */
  readonly segments: number
  readonly rows: number
  readonly columns: number
  /** Samples that left and right may be split into: of voxels, or lines of a single matrix. */
  readonly batch: number
  /** Lines of a sample (of each segment, where segments are matrices) and places of a line. */
  readonly linesPerSample: number
  readonly lineLength: number
  readonly grid?: readonly number[]
  readonly kernel?: number
  readonly isLeftShared?: boolean
  readonly isRightShared?: boolean
}

const workgroup = 64
// About what keeps a large GPU busy; beyond that, more slices only cost memory.
const enoughThreads = 32_768
const mostScratchFloats = 8 << 20
/** What every device may bind, and the coarsest alignment: scratch is sized before the device is known. */
const guaranteedBindingBytes = 128 << 20
const coarsestAlignment = 256

/** Lanes of a thread: four numbers each where the count allows, and as many as divide it. */
function lanesOf(count: number): { width: 1 | 4; lanes: number; perThread: number } {
  const width = count % 4 === 0 ? 4 : 1
  const lanes = count / width
  const choices = width === 4 ? [2, 1] : [4, 3, 2, 1]
  return { width, lanes, perThread: choices.find(choice => lanes % choice === 0)! }
}

function threadsPerSlice({ segments, rows, columns }: ColumnProduct): number {
  const [left, right] = [lanesOf(rows), lanesOf(columns)]
  return (segments * left.lanes * right.lanes) / (left.perThread * right.perThread)
}

const sizeOf = ({ segments, rows, columns }: ColumnProduct) => segments * rows * columns

function linesPerSlice(product: ColumnProduct): number {
  const lines = product.batch * product.linesPerSample
  const wanted = Math.ceil(enoughThreads / threadsPerSlice(product))
  const slices = Math.max(1, Math.min(wanted, lines, Math.floor(mostScratchFloats / sizeOf(product))))
  return Math.ceil(lines / slices)
}

/** Bytes of a sample of left and right that a part of the batch binds. */
function sampleBytes(product: ColumnProduct): [number, number] {
  const { source, segments, rows, columns, linesPerSample, lineLength, isLeftShared, isRightShared } = product
  const places = 4 * linesPerSample * lineLength
  if (source === 'children') return [8 * places * rows, places * columns]
  const matrices = source === 'plain' ? segments : 1
  return [places * rows * (isLeftShared ? 1 : matrices), places * columns * (isRightShared ? 1 : matrices)]
}

interface Part {
  readonly first: number
  readonly count: number
  readonly slices: number
}

function partsOf(product: ColumnProduct, mostBytes: number, alignment: number): Part[] {
  const samples = samplesPerBinding(product.batch, sampleBytes(product), mostBytes, alignment)
  const perSlice = linesPerSlice(product)
  const parts: Part[] = []
  for (let first = 0; first < product.batch; first += samples) {
    const count = Math.min(samples, product.batch - first)
    parts.push({ first, count, slices: Math.ceil((count * product.linesPerSample) / perSlice) })
  }
  return parts
}

const totalSlices = (parts: readonly Part[]) => parts.reduce((sum, { slices }) => sum + slices, 0)

/** Floats of scratch that `columnProductSteps` needs: for as many parts as a device may make, at most one a sample. */
export function columnProductScratch(product: ColumnProduct): number {
  const mostBytes = Math.max(guaranteedBindingBytes, ...sampleBytes(product))
  const slices = totalSlices(partsOf(product, mostBytes, coarsestAlignment))
  return slices > 1 ? slices * sizeOf(product) : 0
}

/** Tile of named lanes, and how two columns' outer product is added to it. */
function tileText(rows: number, columns: number): string {
  const [left, right] = [lanesOf(rows), lanesOf(columns)]
  const range = (count: number) => Array.from({ length: count }, (_, i) => i)
  const numbers = range(left.perThread * left.width)
  const cells = numbers.flatMap(r => range(right.perThread).map(c => ({ r, c, name: `r${r}c${c}` })))
  const one = (r: number) => (left.width === 4 ? `a${r >> 2}[${r % 4}]` : `a${r}`)
  const declare = (name: string, buffer: string, at: string, count: number) =>
    range(count)
      .map(i => `  let ${name}${i} = ${buffer}[${at} + ${i}u];`)
      .join('\n')
  return `
struct Tile { ${cells.map(({ name }) => `${name}: Right`).join(', ')} }
fn addOuter(tile: Tile, leftAt: u32, rightAt: u32) -> Tile {
${declare('a', 'left', 'leftAt', left.perThread)}
${declare('b', 'right', 'rightAt', right.perThread)}
  return Tile(${cells.map(({ r, c, name }) => `tile.${name} + ${one(r)} * b${c}`).join(', ')});
}
fn writeTile(tile: Tile, row: u32, column: u32) {
${cells
  .map(
    ({ r, c, name }) =>
      `  output[(${left.width}u * row + ${r}u) * product.columns + column + ${c}u] = tile.${name};`,
  )
  .join('\n')}
}`
}

const linesText = { plain: plainText, voxels: voxelsText, children: childrenText }

function programOf(product: ColumnProduct): Pick<ComputeStep, 'key' | 'code' | 'entryPoint'> {
  const {
    source,
    rows,
    columns,
    lineLength,
    kernel = 1,
    isLeftShared = false,
    isRightShared = false,
  } = product
  const [left, right] = [lanesOf(rows), lanesOf(columns)]
  const type = (width: number) => (width === 4 ? 'vec4<f32>' : 'f32')
  const code = `
alias Left = ${type(left.width)};
alias Right = ${type(right.width)};
const WORKGROUP = ${workgroup}u;
const LEFT_LANES = ${left.perThread}u;
const RIGHT_LANES = ${right.perThread}u;
const KERNEL = ${kernel}u;
const LINE = ${lineLength}u;
const LEFT_SEGMENTS = ${isLeftShared ? 0 : 1}u;
const RIGHT_SEGMENTS = ${isRightShared ? 0 : 1}u;
${tileText(rows, columns)}
${productText}
${linesText[source]}`
  const variant = [source, left.width, left.perThread, right.width, right.perThread, kernel, lineLength]
  return {
    key: `columnProduct ${[...variant, isLeftShared, isRightShared].join()}`,
    code,
    entryPoint: 'main',
  }
}

function partStep(product: ColumnProduct, { count, slices }: Part, firstSlice: number) {
  const { segments, rows, columns, linesPerSample, lineLength } = product
  const [left, right] = [lanesOf(rows), lanesOf(columns)]
  const threads = slices * threadsPerSlice(product)
  const lines = count * linesPerSample
  return {
    ...programOf(product),
    workgroups: foldWorkgroups(Math.ceil(threads / workgroup)),
    uniforms: Uint32Array.of(
      ...[left.lanes, right.lanes, left.lanes / left.perThread, right.lanes / right.perThread],
      ...[lines, linesPerSlice(product), slices, segments],
      ...(product.grid ?? [0, 0, 0]),
      ...[lines * lineLength, firstSlice, threads],
    ),
  }
}

/**
 * The dispatches of a product; `scratch` of `columnProductScratch` floats. @throws Error when a sample cannot be bound.
 */
export function columnProductSteps(
  product: ColumnProduct,
  left: TensorBinding,
  right: TensorBinding,
  output: TensorBinding,
  scratch: TensorBinding,
  { limits }: DeviceFacts,
): ComputeStep[] {
  const { maxStorageBufferBindingSize, minStorageBufferOffsetAlignment } = limits
  const parts = partsOf(product, maxStorageBufferBindingSize, minStorageBufferOffsetAlignment)
  const slices = totalSlices(parts)
  const bound = ({ buffer, offset }: TensorBinding, floats: number) => ({ buffer, offset, size: 4 * floats })
  const target = slices > 1 ? bound(scratch, slices * sizeOf(product)) : bound(output, sizeOf(product))
  samplesPerBinding(1, [target.size], maxStorageBufferBindingSize, minStorageBufferOffsetAlignment)
  let firstSlice = 0
  const steps: ComputeStep[] = parts.map(part => {
    const step = partStep(product, part, firstSlice)
    firstSlice += part.slices
    const { first, count } = part
    const buffers = {
      1: samplesOf(left, product.batch, first, count),
      2: samplesOf(right, product.batch, first, count),
      3: target,
    }
    return { ...step, buffers }
  })
  if (slices > 1) steps.push(sumSlicesStep(target, bound(output, sizeOf(product)), sizeOf(product), slices))
  return steps
}
