// InstanceNorm with residual sum and LeakyReLU as WGSL programs, forward and backward. Formulas, letters: instanceNorm.ts.
import gradText from '../../shaders/instanceNormGrad.wgsl?raw'
import text from '../../shaders/instanceNorm.wgsl?raw'
import type { DeviceFacts, GpuKernel, KernelAttributes, Shape, TensorBinding } from './gpuKernel.ts'
import type { ComputeStep } from './gpuProgram.ts'
import { layerNormEpsilon } from './normRows.ts'
import { bindEach, bindPart, rowParts, rowsPerSlice, slicesOf, type RowPart } from './rowParts.ts'
import { bindTensor, flatStep, laneText, laneWidth, requireShape } from './stepParts.ts'
import { sumRows, sumRowsScratch } from './sumRows.ts'

const slicesPerGroup = 64

/** What is normalised, and the letters of its statistics. */
interface Instance {
  readonly samples: number
  readonly rows: number
  readonly channels: number
  readonly width: 1 | 4
}

/** @throws Error in a sentence when x is no grid of voxels. */
function instanceOf(x: Shape): Instance {
  if (x.length !== 5)
    throw new Error(`instanceNorm: expected x of shape [B, D, H, W, C], got [${x.join(', ')}].`)
  const [samples, D, H, W, channels] = x
  return { samples, rows: D * H * W, channels, width: laneWidth(channels) }
}

/** Attribute `slope` of the LeakyReLU; 1 where there is none. */
function slopeOf({ slope }: KernelAttributes): number {
  if (typeof slope === 'number' && slope > 0) return slope
  throw new Error(`instanceNorm: expected a slope above 0 (1 for no activation), got ${String(slope)}.`)
}

const statisticsShape = ({ samples, channels }: Instance) => [samples, 3, channels]
const groupsOf = ({ rows }: Instance) => Math.ceil(slicesOf(rows) / slicesPerGroup)

function uniformsOf(instance: Instance, part: RowPart): Uint32Array<ArrayBuffer> {
  const { rows, channels, width } = instance
  const slice = rowsPerSlice(rows)
  const own = [part.samples, part.rows, channels / width, slice, part.firstSample, part.firstRow / slice]
  return Uint32Array.of(...own, slicesOf(rows), rows, groupsOf(instance))
}

/** Threads of a pass that takes one lane of each slice of a part. */
const sliceThreads = ({ rows, channels, width }: Instance, part: RowPart) =>
  (part.samples * Math.ceil(part.rows / rowsPerSlice(rows)) * channels) / width

const voxelThreads = ({ channels, width }: Instance, part: RowPart) =>
  (part.samples * part.rows * channels) / width

function beginning({ width }: Instance, slope: number): string {
  return `${laneText(width)}\nconst SLOPE = ${slope};\nconst EPSILON = ${layerNormEpsilon};\n`
}

interface Program {
  readonly key: string
  readonly code: string
}

/** The statistics of each sample and channel from x; `moments` of slices and, if there are many, of groups of slices. */
function statisticsSteps(
  instance: Instance,
  x: TensorBinding,
  statistics: TensorBinding,
  [moments, joined]: readonly TensorBinding[],
  program: Program,
  device: DeviceFacts,
): ComputeStep[] {
  const { samples, rows, channels, width } = instance
  const lanes = channels / width
  const known = bindTensor(statistics, device)
  const parts = rowParts(samples, rows, [rows * channels], device)
  const shifts = parts
    .filter(({ firstRow }) => firstRow === 0)
    .map(part =>
      flatStep({
        ...{ ...program, entryPoint: 'takeShifts', threads: part.samples * lanes },
        uniforms: uniformsOf(instance, part),
        buffers: { 1: bindPart(x, part, rows, channels, device), 2: known },
      }),
    )
  const sums = parts.map(part =>
    flatStep({
      ...{ ...program, entryPoint: 'sumSlices', threads: sliceThreads(instance, part) },
      uniforms: uniformsOf(instance, part),
      buffers: { 1: bindPart(x, part, rows, channels, device), 2: known, 3: bindTensor(moments, device) },
    }),
  )
  const whole = uniformsOf(instance, { firstSample: 0, samples, firstRow: 0, rows })
  const finish = (of: TensorBinding, uniforms: Uint32Array<ArrayBuffer>) =>
    flatStep({
      ...{ ...program, entryPoint: 'finish', threads: samples * lanes, uniforms },
      buffers: { 2: known, 3: bindTensor(of, device) },
    })
  const groups = groupsOf(instance)
  if (groups === 1) return [...shifts, ...sums, finish(moments, whole)]
  const join = flatStep({
    ...{ ...program, entryPoint: 'joinSlices', threads: samples * groups * lanes, uniforms: whole },
    buffers: { 3: bindTensor(moments, device), 4: bindTensor(joined, device) },
  })
  // Where slices are joined, the groups are the slices of the last pass.
  const ofGroups = whole.slice()
  ofGroups[3] = rowsPerSlice(rows) * slicesPerGroup
  ofGroups[6] = groups
  return [...shifts, ...sums, join, finish(joined, ofGroups)]
}

/**
 * x and perhaps a residual [B,D,H,W,C] → y, and statistics [B,3,C]: the first voxel's value, the mean of what x differs
 * from it, 1/√(variance + 1e-5). Attribute `slope`.
 */
export const instanceNormKernel: GpuKernel = {
  name: 'InstanceNorm',
  inputs: ['x', 'residual?'],
  shapes([x, residual], attributes) {
    slopeOf(attributes)
    if (residual) requireShape('instanceNorm', 'a residual', residual, x!)
    return [[...x!], statisticsShape(instanceOf(x!))]
  },
  scratch([x]) {
    const instance = instanceOf(x!)
    const floats = 2 * instance.samples * instance.channels
    const groups = groupsOf(instance)
    return [floats * slicesOf(instance.rows), ...(groups > 1 ? [floats * groups] : [])]
  },
  steps({ inputs: [x, residual], outputs: [y, statistics], scratch }, attributes, device) {
    const instance = instanceOf(x!.shape)
    const { samples, rows, channels, width } = instance
    const slope = slopeOf(attributes)
    const hasResidual = residual !== undefined
    const sum = `fn residualAt(index: u32) -> Lane { return ${hasResidual ? 'residual[index]' : 'Lane()'}; }\n`
    const program = {
      key: `instanceNorm ${JSON.stringify({ width, slope, hasResidual })}`,
      code: beginning(instance, slope) + sum + text,
    }
    const normalise = rowParts(samples, rows, [rows * channels], device).map(part => {
      const bind = (tensor: TensorBinding) => bindPart(tensor, part, rows, channels, device)
      return flatStep({
        ...{ ...program, entryPoint: 'normalise', threads: voxelThreads(instance, part) },
        uniforms: uniformsOf(instance, part),
        buffers: { 2: bindTensor(statistics, device), ...bindEach({ 1: x, 5: residual, 6: y }, bind) },
      })
    })
    return [...statisticsSteps(instance, x!, statistics, scratch, program, device), ...normalise]
  },
}

/** dx and, with the attribute `hasResidual`, dResidual. `y` is the forward's result: its sign is the sum's. */
export const instanceNormGradientKernel: GpuKernel = {
  name: 'InstanceNormGradient',
  inputs: ['x', 'y', 'statistics', 'dOutput'],
  shapes([x, y, statistics, dOutput], attributes) {
    slopeOf(attributes)
    requireShape('instanceNormGradient', 'y', y, x!)
    requireShape('instanceNormGradient', 'dOutput', dOutput, x!)
    requireShape('instanceNormGradient', 'statistics', statistics, statisticsShape(instanceOf(x!)))
    return attributes.hasResidual ? [[...x!], [...x!]] : [[...x!]]
  },
  scratch([x]) {
    const { samples, rows, channels } = instanceOf(x!)
    const slices = slicesOf(rows)
    return [samples * slices * 2 * channels, ...sumRowsScratch(samples, slices, 2 * channels)]
  },
  steps({ inputs, outputs: [dx, dResidual], scratch: [slices, ...levels] }, attributes, device) {
    const [x, y, statistics, dOutput] = inputs as readonly TensorBinding[]
    const instance = instanceOf(x.shape)
    const { samples, rows, channels, width } = instance
    const [slope, hasResidual] = [slopeOf(attributes), attributes.hasResidual === true]
    // Without activation y is not bound: there is nothing to ask it.
    const before =
      slope === 1 ? 'dOutput[index]' : 'dOutput[index] * select(Lane(SLOPE), Lane(1.0), y[index] > Lane(0.0))'
    const write = hasResidual ? 'dResidual[index] = g;' : ''
    const program = {
      key: `instanceNormGrad ${JSON.stringify({ width, slope, hasResidual })}`,
      code: `${beginning(instance, slope)}
fn gradientBefore(index: u32) -> Lane { return ${before}; }
fn writeResidual(index: u32, g: Lane) { ${write} }
${gradText}`,
    }
    const parts = rowParts(samples, rows, [rows * channels], device)
    const joined = sumRows(slices, levels, samples, slicesOf(rows), 2 * channels, device)
    const partStep = (
      part: RowPart,
      entryPoint: string,
      threads: number,
      cut: Readonly<Record<number, TensorBinding | undefined>>,
      whole: Readonly<Record<number, TensorBinding>>,
    ) =>
      flatStep({
        ...{ ...program, entryPoint, threads, uniforms: uniformsOf(instance, part) },
        buffers: {
          ...bindEach(cut, tensor => bindPart(tensor, part, rows, channels, device)),
          ...bindEach(whole, tensor => bindTensor(tensor, device)),
        },
      })
    const read = { 1: x, 3: slope === 1 ? undefined : y, 4: dOutput }
    const written = { 7: dx, 8: hasResidual ? dResidual : undefined }
    const sums = parts.map(part =>
      partStep(part, 'sumSlices', sliceThreads(instance, part), read, { 2: statistics, 5: slices }),
    )
    const gradients = parts.map(part => {
      const cut = { ...read, ...written }
      return partStep(part, 'differentiate', voxelThreads(instance, part), cut, {
        2: statistics,
        6: joined.sums,
      })
    })
    return [...sums, ...joined.steps, ...gradients]
  },
}
