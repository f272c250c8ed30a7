// Sums of a matrix's columns:  y[c] = sum over rows of x[row, c].   x [..., C] → [C]
// The gradient of a bias. Two stages, over slices of rows and over slices.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/columnSum.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type Shape } from './gpuKernel.ts'
import { foldWorkgroups, samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import { samplesOf } from './rowProduct.ts'
import { sumSlicesStep } from './sliceSum.ts'

const workgroup = 64
const enoughThreads = 32_768
const guaranteedBindingBytes = 128 << 20

interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly width: 1 | 4
  readonly rowsPerSlice: number
}

function matrixOf(shape: Shape): Matrix {
  const columns = shape[shape.length - 1]
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1)
  const width = columns % 4 === 0 ? 4 : 1
  // A slice below 16 rows is hardly less work than adding it up again.
  const slices = Math.max(1, Math.min(Math.ceil((enoughThreads * width) / columns), Math.ceil(rows / 16)))
  return { rows, columns, width, rowsPerSlice: Math.ceil(rows / slices) }
}

function partsOf({ rows, columns, rowsPerSlice }: Matrix, mostBytes: number, alignment: number) {
  const most = samplesPerBinding(rows, [4 * columns], mostBytes, alignment)
  const parts: { first: number; count: number; slices: number; firstSlice: number }[] = []
  let firstSlice = 0
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first)
    const slices = Math.ceil(count / rowsPerSlice)
    parts.push({ first, count, slices, firstSlice })
    firstSlice += slices
  }
  return { parts, slices: firstSlice }
}

export const columnSumKernel: GpuKernel = {
  name: 'ColumnSum',
  inputs: ['x'],
  shapes([x]) {
    if (!x || x.length < 2)
      throw new Error(`columnSum: expected x of shape [..., C], got [${(x ?? []).join(', ')}]`)
    return [[x[x.length - 1]]]
  },
  scratch([x]) {
    const matrix = matrixOf(x!)
    return [partsOf(matrix, guaranteedBindingBytes, 256).slices * matrix.columns]
  },
  steps({ inputs, outputs, scratch }, _attributes, { limits }) {
    const x = inputs[0]!
    const matrix = matrixOf(x.shape)
    const { columns, width, rowsPerSlice } = matrix
    const { maxStorageBufferBindingSize, minStorageBufferOffsetAlignment } = limits
    const { parts, slices } = partsOf(matrix, maxStorageBufferBindingSize, minStorageBufferOffsetAlignment)
    const [output] = outputs
    const target = slices > 1 ? { ...scratch[0], size: 4 * slices * columns } : output
    const sliced = { buffer: target.buffer, offset: target.offset, size: target.size }
    const steps: ComputeStep[] = parts.map(part => ({
      key: `columnSum ${width}`,
      code: `const WORKGROUP = ${workgroup}u;\nalias Lane = ${width === 4 ? 'vec4<f32>' : 'f32'};\n${text}`,
      entryPoint: 'main',
      workgroups: foldWorkgroups(Math.ceil((part.slices * columns) / width / workgroup)),
      uniforms: Uint32Array.of(part.count, columns / width, rowsPerSlice, part.slices, part.firstSlice),
      buffers: { 1: samplesOf(x, matrix.rows, part.first, part.count), 2: sliced },
    }))
    if (slices === 1) return steps
    const whole = { buffer: output.buffer, offset: output.offset, size: output.size }
    return [...steps, sumSlicesStep(sliced, whole, columns, slices)]
  },
}

/** Sums over all axes but the last. x [..., C] → [C] */
export function columnSum(x: tf.Tensor): tf.Tensor1D {
  const rows = tf.reshape(x, [-1, x.shape[x.rank - 1]])
  if (!isKernelKnown(columnSumKernel)) return tf.sum(rows, 0)
  return runGpuKernel(columnSumKernel, [rows])[0] as tf.Tensor1D
}
