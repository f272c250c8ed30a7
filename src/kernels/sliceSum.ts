// The second stage of a reduction: what slices of the work have summed is added up in order, so that a result is the same
// bit by bit whenever it is computed again.
import text from '../../shaders/sumSlices.wgsl?raw'
import { foldWorkgroups, type ComputeStep } from './gpuProgram.ts'

const workgroup = 64

/** output[i] = sum over slices of slices[slice, i], both of `size` floats a slice. */
export function sumSlicesStep(
  slices: GPUBufferBinding,
  output: GPUBufferBinding,
  size: number,
  count: number,
): ComputeStep {
  const width = size % 4 === 0 ? 4 : 1
  const lane = width === 4 ? 'vec4<f32>' : 'f32'
  return {
    key: `sumSlices ${width}`,
    code: `const WORKGROUP = ${workgroup}u;\nalias Lane = ${lane};\n${text}`,
    entryPoint: 'main',
    workgroups: foldWorkgroups(Math.ceil(size / width / workgroup)),
    uniforms: Uint32Array.of(size / width, count),
    buffers: { 1: slices, 2: output },
  }
}
