// The second stage of every reduction: rows of partial sums, 64 at a time, until one row is left. No atomics and no
// workgroup memory: each sum has one owner and a fixed order, so that a run can be repeated bit by bit.
import text from '../../shaders/sumRows.wgsl?raw'
import type { DeviceFacts, TensorBinding } from './gpuKernel.ts'
import type { ComputeStep } from './gpuProgram.ts'
import { bindableRanges, bindTensor, flatStep, packUniforms } from './stepParts.ts'

const rowsPerSum = 64

/** Floats of each scratch buffer that `sumRows` needs for [outer, rows, width]: none for a single row. */
export function sumRowsScratch(outer: number, rows: number, width: number): number[] {
  if (rows <= 1) return []
  const groups = Math.ceil(rows / rowsPerSum)
  return [outer * groups * width, ...sumRowsScratch(outer, groups, width)]
}

function sumStep(
  input: GPUBufferBinding,
  output: GPUBufferBinding,
  [outer, rows, width]: readonly [number, number, number],
  firstSum: number,
): ComputeStep {
  const groups = Math.ceil(rows / rowsPerSum)
  const sums = outer * groups * width
  return flatStep({
    key: 'sumRows',
    code: text,
    threads: sums,
    uniforms: packUniforms([sums, rows, groups, width, firstSum]),
    buffers: { 1: input, 2: output },
  })
}

/** One pass; a single matrix that is larger than a binding may be is read in parts of whole groups. */
function sumPass(
  input: TensorBinding,
  output: TensorBinding,
  [outer, rows, width]: readonly [number, number, number],
  device: DeviceFacts,
): ComputeStep[] {
  const whole = bindTensor(output, device)
  if (outer > 1) return [sumStep(bindTensor(input, device), whole, [outer, rows, width], 0)]
  // Ranges begin at multiples of the alignment, at least 256 and hence of whole groups.
  return bindableRanges(rows, 4 * width, device).map(({ first, count }) =>
    sumStep(
      bindTensor(input, device, first * width, count * width),
      whole,
      [1, count, width],
      (first / rowsPerSum) * width,
    ),
  )
}

/**
 * Sums `input`, seen as [outer, rows, width], over its rows. @param scratch of the sizes of `sumRowsScratch`
 * @returns the steps, and where they leave [outer, width]: `input` itself when there was one row.
 */
export function sumRows(
  input: TensorBinding,
  scratch: readonly TensorBinding[],
  outer: number,
  rows: number,
  width: number,
  device: DeviceFacts,
): { steps: ComputeStep[]; sums: TensorBinding } {
  if (rows <= 1) return { steps: [], sums: input }
  const pass = sumPass(input, scratch[0], [outer, rows, width], device)
  const rest = sumRows(scratch[0], scratch.slice(1), outer, Math.ceil(rows / rowsPerSum), width, device)
  return { steps: [...pass, ...rest.steps], sums: rest.sums }
}
