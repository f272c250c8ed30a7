// Sharpened cross entropy with centring (SPEC 6.4):  l = −Σ_k softmax((t − c)/tt)_k log softmax(s/ts)_k,
//   loss = mean over r of Σ_n m l / max(Σ_n m, 1).
// R samples, N rows (tokens) each, K prototypes. With `swapViews` the teacher's samples of the two halves of the batch
// change places (AITD, GITD). Forward reads both arrays twice, whatever K; the backward needs four numbers a row. Teacher,
// centre, temperature and mask have no gradient (SPEC 6: the teacher is not differentiated).
import * as tf from '@tensorflow/tfjs-core'
import finishText from '../../shaders/sharpenedCrossEntropyFinish.wgsl?raw'
import gradText from '../../shaders/sharpenedCrossEntropyGrad.wgsl?raw'
import text from '../../shaders/sharpenedCrossEntropy.wgsl?raw'
import { runGpuKernel, type DeviceFacts, type GpuKernel, type KernelAttributes } from './gpuKernel.ts'
import type { Shape, TensorBinding } from './gpuKernel.ts'
import { foldWorkgroups } from './gpuProgram.ts'
import { bindableRanges, bindTensor, flatStep, flatText, flatWorkgroup, laneText } from './stepParts.ts'
import { laneWidth, packUniforms, requireShape, type ElementRange } from './stepParts.ts'
import { sumRows, sumRowsScratch } from './sumRows.ts'

export interface SharpenedAttributes {
  readonly studentTemperature: number
  readonly swapViews: boolean
}

const optionsOf = (attributes: KernelAttributes) => attributes as unknown as SharpenedAttributes

// A row to a thread: no barriers. And a row to a workgroup: neighbours read neighbouring prototypes.
const rowFunctions = {
  registers: `
const THREADS = 1u;
fn rowOf(group: vec3<u32>, dispatched: vec3<u32>, thread: u32) -> u32 { return elementIndex(group, dispatched, thread); }
fn largestOfRow(value: f32, thread: u32) -> f32 { return value; }
fn sumsOfRow(value: vec3<f32>, thread: u32) -> vec3<f32> { return value; }`,
  shared: `
const THREADS = WORKGROUP;
var<workgroup> passed: array<vec3<f32>, WORKGROUP>;
fn rowOf(group: vec3<u32>, dispatched: vec3<u32>, thread: u32) -> u32 { return group.y * dispatched.x + group.x; }
fn largestOfRow(value: f32, thread: u32) -> f32 {
  workgroupBarrier();
  passed[thread] = vec3<f32>(value);
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (thread < half) { passed[thread] = max(passed[thread], passed[thread + half]); }
    workgroupBarrier();
  }
  return passed[0].x;
}
fn sumsOfRow(value: vec3<f32>, thread: u32) -> vec3<f32> {
  workgroupBarrier();
  passed[thread] = value;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (thread < half) { passed[thread] += passed[thread + half]; }
    workgroupBarrier();
  }
  return passed[0];
}`,
}

function prelude(K: number, mask: TensorBinding): string {
  return `${laneText(laneWidth(K))}
const LANES = ${K / laneWidth(K)}u;
alias MaskNumber = ${mask.dtype === 'int32' ? 'i32' : 'f32'};\n`
}

/** Rows bound at once: all of them where views change places, since a row's teacher then stands elsewhere. */
function rangesOf([R, N, K]: Shape, { swapViews }: SharpenedAttributes, device: DeviceFacts): ElementRange[] {
  return swapViews ? [{ first: 0, count: R * N }] : bindableRanges(R * N, 4 * K, device)
}

function checkShapes([student, teacher, centre, temperature, mask]: readonly (Shape | undefined)[]): void {
  const kernel = 'sharpenedCrossEntropy'
  if (student?.length !== 3)
    throw new Error(`${kernel}: expected the student's logits as [R, N, K], got [${student?.join(', ')}].`)
  requireShape(kernel, 'the teacher’s logits', teacher, student)
  requireShape(kernel, 'a centre', centre, [student[2]])
  requireShape(kernel, 'a temperature', temperature, [])
  requireShape(kernel, 'a mask', mask, student.slice(0, 2))
}

/**
 * Outputs loss [], the rows' statistics [R,N,4] and the samples' shares [R]. Attributes: `SharpenedAttributes`. Tolerance
 * 1e-5: the driver's exp and log of logits divided by temperatures of a twentieth.
 */
export const sharpenedCrossEntropyKernel: GpuKernel = {
  name: 'SharpenedCrossEntropy',
  inputs: ['student', 'teacher', 'centre', 'teacherTemperature', 'mask'],
  shapes(inputs, attributes) {
    checkShapes(inputs)
    const [R, N] = inputs[0]!
    if (optionsOf(attributes).swapViews && R % 2 !== 0)
      throw new Error(`sharpenedCrossEntropy: two views of equal size are expected, got ${R} rows in all.`)
    return [[], [R, N, 4], [R]]
  },
  scratch([student]) {
    const [R, N] = student!
    return [2 * R * N, ...sumRowsScratch(R, N, 2)]
  },
  steps({ inputs, outputs: [loss, statistics, shares], scratch }, attributes, device) {
    const [student, teacher, centre, temperature, mask] = inputs as readonly TensorBinding[]
    const [rowSums, ...levels] = scratch
    const [R, N, K] = student.shape
    const options = optionsOf(attributes)
    const family = device.tiles === 'registers' ? 'registers' : 'shared'
    const rows = rangesOf(student.shape, options, device).map(({ first, count }) => ({
      key: `sharpenedCrossEntropy ${family} ${K} ${mask.dtype}`,
      code: flatText + rowFunctions[family] + prelude(K, mask) + text,
      entryPoint: 'main',
      workgroups: foldWorkgroups(family === 'shared' ? count : Math.ceil(count / flatWorkgroup)),
      uniforms: packUniforms(
        [count, first, options.swapViews ? (R / 2) * N : 0],
        [1 / options.studentTemperature],
      ),
      buffers: {
        1: bindTensor(student, device, first * K, count * K),
        2: bindTensor(teacher, device, first * K, count * K),
        3: bindTensor(centre, device),
        4: bindTensor(temperature, device),
        5: bindTensor(mask, device),
        6: bindTensor(statistics, device),
        7: bindTensor(rowSums, device),
      },
    }))
    const { steps, sums } = sumRows(rowSums, levels, R, N, 2, device)
    const finish = flatStep({
      key: 'sharpenedCrossEntropyFinish',
      code: finishText,
      threads: 1,
      uniforms: packUniforms([R]),
      buffers: { 1: bindTensor(sums, device), 2: bindTensor(loss, device), 3: bindTensor(shares, device) },
    })
    return [...rows, ...steps, finish]
  },
}

/** dStudent. Tolerance 2e-5 of the largest gradient, for the same reasons. */
export const sharpenedCrossEntropyGradientKernel: GpuKernel = {
  name: 'SharpenedCrossEntropyGradient',
  inputs: [...sharpenedCrossEntropyKernel.inputs, 'statistics', 'shares', 'dLoss'],
  shapes: ([student]) => [[...student!]],
  scratch: ([student]) => [student![0] * student![1]],
  steps({ inputs, outputs: [dStudent], scratch: [factors] }, attributes, device) {
    const [student, teacher, centre, temperature, mask, statistics, shares, dLoss] =
      inputs as readonly TensorBinding[]
    const [R, N, K] = student.shape
    const options = optionsOf(attributes)
    const key = `sharpenedCrossEntropyGradient ${K} ${mask.dtype}`
    const code = prelude(K, mask) + gradText
    const uniforms = ({ first, count }: ElementRange) =>
      packUniforms([count, first, options.swapViews ? (R / 2) * N : 0, N], [1 / options.studentTemperature])
    const weigh = flatStep({
      ...{ key, code, entryPoint: 'weigh', threads: R * N, uniforms: uniforms({ first: 0, count: R * N }) },
      buffers: {
        8: bindTensor(mask, device),
        9: bindTensor(shares, device),
        10: bindTensor(dLoss, device),
        11: bindTensor(factors, device),
      },
    })
    const parts = rangesOf(student.shape, options, device).map(range => {
      const part = (tensor: TensorBinding) => bindTensor(tensor, device, range.first * K, range.count * K)
      return flatStep({
        ...{ key, code, threads: (range.count * K) / laneWidth(K), uniforms: uniforms(range) },
        buffers: {
          1: part(student),
          2: part(teacher),
          3: bindTensor(centre, device),
          4: bindTensor(temperature, device),
          5: bindTensor(statistics, device),
          6: bindTensor(factors, device),
          7: part(dStudent),
        },
      })
    })
    return [weigh, ...parts]
  },
}

export function registerSharpenedCrossEntropyGradient(): void {
  tf.registerGradient({
    kernelName: sharpenedCrossEntropyKernel.name,
    inputsToSave: [...sharpenedCrossEntropyKernel.inputs],
    outputsToSave: [false, true, true],
    gradFunc: (dy, saved, attributes) => {
      const [dLoss] = dy as tf.Tensor[]
      const [dStudent] = runGpuKernel(
        sharpenedCrossEntropyGradientKernel,
        [...saved, dLoss],
        attributes as unknown as KernelAttributes,
      )
      return { student: () => dStudent }
    },
  })
}
