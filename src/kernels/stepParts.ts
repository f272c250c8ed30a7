// What the programs of small kernels have in common: binding a tensor or a part of it within the device's limits, packing
// uniform blocks, one thread an element, and lanes of four numbers where the count allows.
import { DeviceMemoryError } from '../base/errors.ts'
import type { DeviceFacts, Shape, TensorBinding } from './gpuKernel.ts'
import { foldWorkgroups, type ComputeStep } from './gpuProgram.ts'

/** Threads of a workgroup in every program that uses no workgroup memory. */
export const flatWorkgroup = 64
const floatBytes = 4

export function elementCount(shape: Shape): number {
  return shape.reduce((product, side) => product * side, 1)
}

/** Refuses a tensor whose shape does not fit. @throws Error "kernel: expected what of shape …, got …". */
export function requireShape(kernel: string, what: string, got: Shape | undefined, expected: Shape): void {
  if (got?.join() === expected.join()) return
  const found = got ? `[${got.join(', ')}]` : 'none'
  throw new Error(`${kernel}: expected ${what} of shape [${expected.join(', ')}], got ${found}.`)
}

/**
 * A tensor, or `count` of its four-byte elements from `first`, as a dispatch binds it.
 * @throws Error in a sentence when that is more than the device may bind.
 */
export function bindTensor(
  { buffer, offset, size }: TensorBinding,
  { limits }: DeviceFacts,
  first = 0,
  count = size / floatBytes - first,
): GPUBufferBinding {
  const bytes = floatBytes * count
  if (bytes <= limits.maxStorageBufferBindingSize)
    return { buffer, offset: offset + floatBytes * first, size: bytes }
  throw new DeviceMemoryError(
    `A tensor of ${bytes} bytes cannot be bound on this device, whose limit is ${limits.maxStorageBufferBindingSize} bytes; compute smaller tiles or fewer samples at once.`,
  )
}

/** True when an output is bound to where an input stands: it is then updated in place, bound once. */
export function isSamePlace(a: TensorBinding, b: TensorBinding): boolean {
  return a.buffer === b.buffer && a.offset === b.offset
}

/** A uniform block of 32-bit whole numbers followed by floats, none of them vectors. */
export function packUniforms(
  whole: readonly number[],
  floats: readonly number[] = [],
): Uint32Array<ArrayBuffer> {
  const block = new Uint32Array(whole.length + floats.length)
  block.set(whole)
  block.set(new Uint32Array(Float32Array.from(floats).buffer), whole.length)
  return block
}

export interface ElementRange {
  readonly first: number
  readonly count: number
}

/**
 * Ranges of `count` elements, each small enough to bind `bytesEach` bytes an element and beginning where a binding may
 * begin. One range where everything fits.
 */
export function bindableRanges(count: number, bytesEach: number, { limits }: DeviceFacts): ElementRange[] {
  const most = Math.floor(limits.maxStorageBufferBindingSize / bytesEach)
  // A multiple of the alignment (a power of two, on some devices a small one) is aligned whatever an element's size.
  const unit = Math.max(256, limits.minStorageBufferOffsetAlignment)
  const size = count <= most ? count : unit * Math.floor(most / unit)
  if (size === 0)
    throw new DeviceMemoryError(
      `${unit} elements of ${bytesEach} bytes cannot be bound on this device, whose limit is ${limits.maxStorageBufferBindingSize} bytes; compute smaller tiles.`,
    )
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
    first: i * size,
    count: Math.min(size, count - i * size),
  }))
}

/** Numbers that a thread takes at once: four where the count divides, so that every lane is whole. */
export function laneWidth(count: number): 1 | 4 {
  return count % 4 === 0 ? 4 : 1
}

/** `alias Lane`, and how to make one number out of its parts. */
export function laneText(width: 1 | 4): string {
  if (width === 1)
    return `
alias Lane = f32;
fn largestOf(a: Lane) -> f32 { return a; }
fn sumOf(a: Lane) -> f32 { return a; }`
  return `
alias Lane = vec4<f32>;
fn largestOf(a: Lane) -> f32 { return max(max(a.x, a.y), max(a.z, a.w)); }
fn sumOf(a: Lane) -> f32 { return (a.x + a.y) + (a.z + a.w); }`
}

/** Beginning of every program of one thread an element: WORKGROUP, and `elementIndex` of folded workgroups. */
export const flatText = `
const WORKGROUP = ${flatWorkgroup}u;
fn elementIndex(group: vec3<u32>, dispatched: vec3<u32>, thread: u32) -> u32 {
  return (group.y * dispatched.x + group.x) * WORKGROUP + thread;
}`

type FlatStep = Pick<ComputeStep, 'code' | 'uniforms' | 'buffers'> & {
  /** Name of the program with its variant. */
  readonly key: string
  readonly threads: number
  readonly entryPoint?: string
  readonly usesSubgroups?: boolean
}

/** One thread an element; `code` comes without `flatText`. */
export function flatStep({
  key,
  code,
  threads,
  entryPoint = 'main',
  usesSubgroups = false,
  uniforms,
  buffers,
}: FlatStep): ComputeStep {
  return {
    key,
    code: (usesSubgroups ? 'enable subgroups;\n' : '') + flatText + code,
    entryPoint,
    workgroups: foldWorkgroups(Math.ceil(threads / flatWorkgroup)),
    uniforms,
    buffers,
  }
}
