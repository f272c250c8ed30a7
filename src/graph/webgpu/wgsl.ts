// Pieces of WGSL text that the generated programs share: uniform words, coordinates, offsets.
import type { ComputeStep } from '../../kernels/gpuProgram.ts'
import { foldWorkgroups } from '../../kernels/gpuProgram.ts'
import type { View } from './view.ts'

/** Threads of a workgroup of the generated programs. */
export const workgroup = 64

/** Collects the integers of a uniform block while a text is written; the text refers to them by place. */
export class Words {
  private readonly values: number[] = []

  /** The text that reads `value` from the block. */
  add(value: number): string {
    this.values.push(value)
    const at = this.values.length - 1
    return `words[${at >> 2}].${'xyzw'[at & 3]}`
  }

  /** The block's declaration; to be asked for once all words are in. */
  declaration(): string {
    return `@group(0) @binding(0) var<uniform> words: array<vec4<i32>, ${Math.max(1, Math.ceil(this.values.length / 4))}>;`
  }

  block(): Uint32Array<ArrayBuffer> {
    const words = new Int32Array(4 * Math.max(1, Math.ceil(this.values.length / 4)))
    words.set(this.values)
    return new Uint32Array(words.buffer)
  }
}

/** Statements that split `index` into coordinates `prefix0`, `prefix1`, … over `shape`. */
export function coordinatesText(
  words: Words,
  index: string,
  shape: readonly number[],
  prefix: string,
): string {
  if (shape.length === 1) return `  let ${prefix}0 = ${index};\n`
  let text = `  var ${prefix}Rest = ${index};\n`
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = words.add(shape[axis])
    text += `  let ${prefix}${axis} = ${prefix}Rest % ${size}; ${prefix}Rest = ${prefix}Rest / ${size};\n`
  }
  return `${text}  let ${prefix}0 = ${prefix}Rest;\n`
}

/** The offset of a view at coordinates `prefix0`, …; strides 0 and 1 and offset 0 are left out of the arithmetic. */
export function offsetText(words: Words, { offset, strides }: View, prefix: string): string {
  const terms = strides.flatMap((stride, axis) => {
    if (stride === 0) return []
    return [stride === 1 ? `${prefix}${axis}` : `${prefix}${axis} * ${words.add(stride)}`]
  })
  if (offset !== 0) terms.push(words.add(offset))
  return terms.length === 0 ? '0' : terms.join(' + ')
}

/** The entry point around a body that knows `index`, the thread's number below `count`. */
export function mainText(count: string, body: string): string {
  return `
@compute @workgroup_size(${workgroup})
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = i32((group.y * dispatched.x + group.x) * ${workgroup}u + thread);
  if (index >= ${count}) { return; }
${body}}
`
}

/** A step of one thread an element. The text itself is the key: all that changes it is in it. */
export function threadStep(
  code: string,
  threads: number,
  words: Words,
  buffers: ComputeStep['buffers'],
): ComputeStep {
  const workgroups = foldWorkgroups(Math.max(1, Math.ceil(threads / workgroup)))
  return { key: code, code, entryPoint: 'main', workgroups, uniforms: words.block(), buffers }
}
