// Products of rows on plain buffers: the steps of matrix products, convolutions and transposed convolutions, which differ in
// where a row starts and where a column goes. Tiles are chosen by shape alone, so that a result depends on nothing else.
import type { DeviceFacts, TensorBinding } from './gpuKernel.ts'
import { foldWorkgroups, type ComputeStep } from './gpuProgram.ts'
import {
  productWorkgroup,
  rowProductText,
  type Epilogue,
  type ProductTile,
  type ProductVariant,
} from './rowProductText.ts'

/** What is multiplied: sizes of one dispatch and how its operands lie. */
export interface RowProduct {
  readonly batch: number
  /** Rows of a sample. */
  readonly rows: number
  /** k's of a segment. */
  readonly depth: number
  readonly columns: number
  readonly segments: number
  readonly source: ProductVariant['rows']
  /** Taps along an axis of a filter over voxels, and the side they are read on. */
  readonly kernel?: number
  readonly sign?: 1 | -1
  readonly isRightTransposed: boolean
  /** Left is [depth, rows] in each sample. */
  readonly isLeftTransposed?: boolean
  /** One left or right for the whole batch. */
  readonly isLeftShared?: boolean
  readonly isRightShared: boolean
  /** D, H, W of the rows, where they are voxels. */
  readonly grid?: readonly number[]
  /** Columns are (child, channel) of a grid twice as fine. */
  readonly isScattered?: boolean
  readonly epilogue: Epilogue
}

export interface ProductBuffers {
  readonly left: GPUBufferBinding
  readonly right: GPUBufferBinding
  readonly output: GPUBufferBinding
  readonly bias?: GPUBufferBinding
  readonly residual?: GPUBufferBinding
  /** [batch, tiles, lanes, 2] of vec4: see rowMoments*.wgsl. */
  readonly moments?: GPUBufferBinding
}

// Measured beside tfjs on SwiftShader, interleaved (npm run bench), registers / shared: 4096 × 192 × 768 with bias and
// GELU 8.5 / 3.8 times as fast, conv3d 48 → 48 at 24³ 18 / 12 times, its input gradient at 16³ 24 / 10 times. Barriers cost
// a software adapter what they save a GPU: the shared tiles follow from a GPU's memory and threads, not from these numbers.

// Fewer threads than this leave a GPU idle: smaller tiles then, which read more often.
const enoughThreads = 4096
/** WebGPU's guaranteed workgroup memory. */
const workgroupBytes = 16_384
const mostThreads = 256

function chooseRegisterTile(batch: number, rows: number, lanes: number): ProductTile {
  const wide = lanes % 2 === 0 ? 2 : 1
  const threads = (tileRows: number, tileLanes: number) =>
    (batch * Math.ceil(rows / tileRows) * lanes) / tileLanes
  if (threads(8, wide) >= enoughThreads) return { rows: 8, lanes: wide }
  if (threads(4, wide) >= enoughThreads) return { rows: 4, lanes: wide }
  return { rows: Math.min(4, rows), lanes: 1 }
}

/** Parts as equal as can be, none above `most`. */
const evenly = (total: number, most: number) => Math.ceil(total / Math.ceil(total / most))

function chooseSharedTile(
  batch: number,
  rows: number,
  lanes: number,
  steps: number,
  hasMoments: boolean,
): ProductTile {
  const tileLanes = evenly(lanes, 16)
  const isLarge = batch * rows * lanes >= 16 * enoughThreads
  const perThread = isLarge ? 8 : 4
  const wide = isLarge && tileLanes % 2 === 0 ? 2 : 1
  const x = tileLanes / wide
  const chunk = evenly(steps, 4)
  const bytes = (y: number) =>
    16 * (perThread * y * chunk + 4 * chunk * tileLanes + (hasMoments ? x * y * wide : 0)) + 4 * perThread * y
  let y = Math.min(Math.ceil(rows / perThread), 16, Math.floor(mostThreads / x))
  while (y > 1 && bytes(y) > workgroupBytes) y--
  return { rows: perThread, lanes: wide, shared: { threads: [x, y], chunk } }
}

/** The tile that a product is computed in. The shared family takes operands that are read by fours. */
export function chooseProductTile(
  { batch, rows, columns, depth, isLeftTransposed }: RowProduct,
  tiles: DeviceFacts['tiles'],
  hasMoments = false,
): ProductTile {
  const lanes = Math.ceil(columns / 4)
  if (tiles === 'registers' || depth % 4 !== 0 || isLeftTransposed)
    return chooseRegisterTile(batch, rows, lanes)
  return chooseSharedTile(batch, rows, lanes, depth / 4, hasMoments)
}

/** Rows that a tile spans in all: what one entry of `moments` counts. */
export function rowsOfTile({ rows, shared }: ProductTile): number {
  return rows * (shared?.threads[1] ?? 1)
}

function uniformsOf(product: RowProduct, variant: ProductVariant): Uint32Array<ArrayBuffer> {
  const { batch, rows, depth, columns, isLeftTransposed, isLeftShared, isRightShared } = product
  const { tile, isDepthByFours, isColumnsByFours, isRightTransposed } = variant
  const steps = isDepthByFours ? depth / 4 : depth
  const rightWidth = (isRightTransposed ? isDepthByFours : isColumnsByFours) ? 4 : 1
  const tiles = Math.ceil(rows / rowsOfTile(tile))
  const columnTiles = Math.ceil(columns / 4 / (tile.lanes * (tile.shared?.threads[0] ?? 1)))
  const grid = product.grid ?? [1, 1, rows]
  return Uint32Array.of(
    ...[rows, steps, columns, tiles],
    ...[columnTiles, batch * tiles * columnTiles],
    ...[isLeftShared ? 0 : rows * steps, isRightShared ? 0 : (depth * columns) / rightWidth],
    ...[...grid, isLeftTransposed ? 1 : steps],
    ...[isLeftTransposed ? rows : 1, depth, columns / 8],
  )
}

/** The dispatch of one product. Shapes have been checked; `tile` comes from `chooseProductTile`. */
export function rowProductStep(product: RowProduct, tile: ProductTile, buffers: ProductBuffers): ComputeStep {
  const { depth, columns, isScattered = false, isLeftTransposed = false } = product
  const isColumnsByFours = columns % 4 === 0
  const variant: ProductVariant = {
    tile,
    rows: product.source,
    kernel: product.kernel ?? 1,
    sign: product.sign ?? 1,
    segments: product.segments,
    isDepthByFours: depth % 4 === 0 && !isLeftTransposed,
    isRightTransposed: product.isRightTransposed,
    isColumnsByFours,
    isScattered,
    isOutputByFours: isScattered ? columns % 32 === 0 : isColumnsByFours,
    hasBias: buffers.bias !== undefined,
    hasResidual: buffers.residual !== undefined,
    epilogue: product.epilogue,
    hasMoments: buffers.moments !== undefined,
  }
  const uniforms = uniformsOf(product, variant)
  const shares = uniforms[5]
  const { left, right, output, bias, residual, moments } = buffers
  return {
    key: `rowProduct ${JSON.stringify(variant)}`,
    code: rowProductText(variant),
    entryPoint: 'main',
    workgroups: foldWorkgroups(tile.shared ? shares : Math.ceil(shares / productWorkgroup)),
    uniforms,
    buffers: Object.fromEntries(
      [left, right, output, bias, residual, moments].flatMap((buffer, i) =>
        buffer ? [[i + 1, buffer]] : [],
      ),
    ),
  }
}

/** Samples `first` … `first + count - 1` of a tensor of `batch` samples; the whole of it where it has only one. */
export function samplesOf(
  { buffer, offset, size }: TensorBinding,
  batch: number,
  first: number,
  count: number,
): GPUBufferBinding {
  const bytes = size / batch
  return { buffer, offset: offset + first * bytes, size: count * bytes }
}
