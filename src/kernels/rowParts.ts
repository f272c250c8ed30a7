// How tensors of rows, [samples, rows, ...], are cut: into slices, whose sums are taken by one thread each and then joined
// in a fixed order, and into parts that a device may bind.
import { DeviceMemoryError } from '../base/errors.ts'
import type { DeviceFacts, TensorBinding } from './gpuKernel.ts'
import { samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import { bindTensor, elementCount } from './stepParts.ts'
import { sumRows, sumRowsScratch } from './sumRows.ts'

// More slices than that give no more parallelism, only more to join.
const mostSlices = 4096
const smallestSlice = 16

/** Rows of a slice of a sample; the same on every device, so that results are too. */
export function rowsPerSlice(rows: number): number {
  return smallestSlice * Math.ceil(rows / smallestSlice / mostSlices)
}

export function slicesOf(rows: number): number {
  return Math.ceil(rows / rowsPerSlice(rows))
}

/** Either whole samples or a range of one sample's rows. */
export interface RowPart {
  readonly firstSample: number
  readonly samples: number
  readonly firstRow: number
  /** Rows of each of the samples. */
  readonly rows: number
}

/**
 * Parts of [samples, rows] small enough to bind; one part where everything fits.
 * @param sampleFloats floats of a sample of each tensor that is cut, the largest first
 * @param canSplit false where a part must hold whole samples
 * @throws Error in a sentence when that is not possible.
 */
export function rowParts(
  samples: number,
  rows: number,
  sampleFloats: readonly number[],
  { limits }: DeviceFacts,
  canSplit = true,
): RowPart[] {
  const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = limits
  const sampleBytes = sampleFloats.map(floats => 4 * floats)
  const isSplit = canSplit && sampleBytes[0] > most
  if (!isSplit) {
    const together = samplesPerBinding(samples, sampleBytes, most, alignment)
    return Array.from({ length: Math.ceil(samples / together) }, (_, i) => ({
      firstSample: i * together,
      samples: Math.min(together, samples - i * together),
      firstRow: 0,
      rows,
    }))
  }
  // A slice has a multiple of 16 rows, hence of 64 bytes.
  const unit = Math.max(4, alignment / 64) * rowsPerSlice(rows)
  const range = unit * Math.floor(most / ((sampleBytes[0] / rows) * unit))
  const isAligned = samples === 1 || sampleBytes.every(size => size % alignment === 0)
  if (range === 0 || !isAligned)
    throw new DeviceMemoryError(
      `A sample of ${sampleBytes[0]} bytes cannot be bound in parts on this device, whose limit is ${most} bytes; compute smaller tiles or one sample at once.`,
    )
  return Array.from({ length: samples }, (_, firstSample) =>
    Array.from({ length: Math.ceil(rows / range) }, (_unused, i) => ({
      firstSample,
      samples: 1,
      firstRow: i * range,
      rows: Math.min(range, rows - i * range),
    })),
  ).flat()
}

/** A part's share of a tensor [samples, rows, rowFloats]. */
export function bindPart(
  tensor: TensorBinding,
  part: RowPart,
  rows: number,
  rowFloats: number,
  device: DeviceFacts,
): GPUBufferBinding {
  const first = (part.firstSample * rows + part.firstRow) * rowFloats
  return bindTensor(tensor, device, first, part.samples * part.rows * rowFloats)
}

/** Floats of the scratch that `joinSlices` needs for sums of `floats` numbers each. */
export function sliceScratch(slices: number, floats: number): number[] {
  // The last sums are the output itself.
  return slices > 1 ? [slices * floats, ...sumRowsScratch(1, slices, floats).slice(0, -1)] : []
}

/** Where slices write their sums, [slices, floats], and the steps that join them into `output`. */
export function joinSlices(
  scratch: readonly TensorBinding[],
  output: TensorBinding,
  slices: number,
  device: DeviceFacts,
): { readonly sums: TensorBinding; readonly steps: ComputeStep[] } {
  const [sums, ...levels] = [...scratch, output]
  return { sums, steps: sumRows(sums, levels, 1, slices, elementCount(output.shape), device).steps }
}

/** Bindings by number of those tensors that there are. */
export function bindEach(
  tensors: Readonly<Record<number, TensorBinding | undefined>>,
  bind: (tensor: TensorBinding) => GPUBufferBinding,
): Record<number, GPUBufferBinding> {
  const given = Object.entries(tensors).flatMap(([at, tensor]) =>
    tensor ? [[at, bind(tensor)] as const] : [],
  )
  return Object.fromEntries(given)
}
