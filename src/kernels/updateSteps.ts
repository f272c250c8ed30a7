// Updates of parameters, AdamW's and the momentum teacher's: one thread a few elements, over one tensor or over an arena
// that holds all of them one after the other. Arrays that are replaced may be bound in place: where an output stands in
// its input's place, the array is bound once, read and written.
import type { DeviceFacts, Shape, TensorBinding } from './gpuKernel.ts'
import type { ComputeStep } from './gpuProgram.ts'
import { bindableRanges, bindTensor, elementCount, flatStep, isSamePlace } from './stepParts.ts'
import { laneText, laneWidth } from './stepParts.ts'

/** An array that the update replaces. */
export interface Replaced {
  readonly name: string
  readonly before: TensorBinding
  readonly after: TensorBinding
}

/** `load…` and `store…` of each array; bindings 2i+1 (read) and 2i+2 (written; both, in place). */
function updateText(arrays: readonly Replaced[]): string {
  return arrays
    .map(({ name, before, after }, i) => {
      const capitalised = name[0].toUpperCase() + name.slice(1)
      const isInPlace = isSamePlace(before, after)
      const source = isInPlace ? `${name}After` : `${name}Before`
      const reading = `@group(0) @binding(${2 * i + 1}) var<storage, read> ${name}Before: array<Lane>;`
      return `${isInPlace ? '' : reading}
@group(0) @binding(${2 * i + 2}) var<storage, read_write> ${name}After: array<Lane>;
fn load${capitalised}(lane: u32) -> Lane { return ${source}[lane]; }
fn store${capitalised}(lane: u32, value: Lane) { ${name}After[lane] = value; }`
    })
    .join('\n')
}

export interface Update {
  readonly key: string
  readonly code: string
  readonly arrays: readonly Replaced[]
  /** Of the same length as the arrays: binding 7. */
  readonly source: TensorBinding
  /** Numbers that change from step to step: binding 8. */
  readonly scalars: TensorBinding
  /** Uniform block for so many lanes. */
  readonly uniforms: (lanes: number) => Uint32Array<ArrayBuffer>
}

/** One dispatch, or one for each part that the device can bind. */
export function updateSteps(
  { key, code, arrays, source, scalars, uniforms }: Update,
  device: DeviceFacts,
): ComputeStep[] {
  const elements = elementCount(source.shape)
  const width = laneWidth(elements)
  const places = arrays.map(({ before, after }) => (isSamePlace(before, after) ? 'in place' : 'copied'))
  return bindableRanges(elements, 4, device).map(({ first, count }) => {
    const buffers: Record<number, GPUBufferBinding> = {
      7: bindTensor(source, device, first, count),
      8: bindTensor(scalars, device),
    }
    arrays.forEach(({ before, after }, i) => {
      if (!isSamePlace(before, after)) buffers[2 * i + 1] = bindTensor(before, device, first, count)
      buffers[2 * i + 2] = bindTensor(after, device, first, count)
    })
    return flatStep({
      key: `${key} ${width} ${places.join(', ')}`,
      code: `${laneText(width)}\n${updateText(arrays)}\n${code}`,
      threads: count / width,
      uniforms: uniforms(count / width),
      buffers,
    })
  })
}

/**
 * Where tensors stand in an arena, in floats, each where a binding may begin, and the arena's length. What lies between
 * them is updated too and never read: zeros stay zeros.
 */
export function packTensors(
  shapes: Readonly<Record<string, Shape>>,
  alignmentBytes = 256,
): { readonly first: Readonly<Record<string, number>>; readonly length: number } {
  const unit = alignmentBytes / 4
  const first: Record<string, number> = {}
  let length = 0
  for (const [name, shape] of Object.entries(shapes)) {
    first[name] = length
    length += unit * Math.ceil(elementCount(shape) / unit)
  }
  return { first, length }
}
