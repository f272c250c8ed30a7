import { describe, expect, it } from 'vitest'
import type { ComputeStep } from '../../kernels/gpuProgram.ts'
import { reasonAgainstHalves, storedStep, type StoredBinding } from './storedStep.ts'

const buffer = { label: 'a buffer' } as GPUBuffer
const code = `alias Lane = vec4<f32>;
@group(0) @binding(1) var<storage, read> x: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = 2.0 * x[id.x]; }`
const step: ComputeStep = {
  ...{ key: 'double', code, entryPoint: 'main', workgroups: [1, 1, 1] },
  ...{ uniforms: new Uint32Array(4), buffers: {} },
}
const limits = {
  maxStorageBufferBindingSize: 1024,
  minStorageBufferOffsetAlignment: 256,
  maxStorageBuffersPerShaderStage: 8,
}
const bound = (size: number, format: StoredBinding['format'], offset = 0): StoredBinding => ({
  ...{ buffer, offset, size, format },
})

describe('a dispatch on stored values', () => {
  it('keeps its text where all is stored as it says', () => {
    const stored = new Map([
      [1, bound(1024, 'single')],
      [2, bound(1024, 'single', 1024)],
    ])
    const done = storedStep(step, stored, limits)
    expect(done.code).toBe(code)
    expect(done.key).toBe('double')
    expect(done.buffers).toEqual({
      1: { buffer, offset: 0, size: 1024 },
      2: { buffer, offset: 1024, size: 1024 },
    })
  })

  it('reads and writes halves by calls, under a key of its own', () => {
    const stored = new Map([
      [1, bound(512, 'packed')],
      [2, bound(512, 'packed', 512)],
    ])
    const done = storedStep(step, stored, limits)
    expect(done.code).toContain('store_y(u32(id.x), 2.0 * load_x(u32(id.x)));')
    expect(done.code).toContain('@binding(1) var<storage, read> x: array<vec2<u32>>;')
    expect(done.code).not.toContain('array<Lane>')
    expect(done.key).not.toBe(step.key)
  })

  it('binds a value that is larger than the limit in pieces that begin where they may', () => {
    const stored = new Map([
      [1, bound(2560, 'single', 256)],
      [2, bound(1000, 'single', 4096)],
    ])
    const { buffers, code: text } = storedStep(step, stored, limits)
    expect(buffers).toEqual({
      1: { buffer, offset: 256, size: 1024 },
      2: { buffer, offset: 4096, size: 1000 },
      3: { buffer, offset: 1280, size: 1024 },
      4: { buffer, offset: 2304, size: 512 },
    })
    expect(text).toContain('if (unit >= 128u) { return x_2[unit - 128u]; }')
    expect(text).toContain('y[id.x] = 2.0 * load_x(u32(id.x));')
  })

  it('is refused in a sentence where its pieces are more than a program may bind', () => {
    const stored = new Map([
      [1, bound(8000, 'single')],
      [2, bound(8000, 'single', 8192)],
    ])
    expect(() => storedStep(step, stored, limits)).toThrow(/16 pieces of at most 1024 bytes.*at most 8/)
  })
})

describe('halves are refused', () => {
  const program = (type: string, body: string) =>
    `struct Pair { a: f32, b: vec2<f32> }
@group(0) @binding(1) var<storage, read_write> y: array<${type}>;
fn main() { ${body} }`

  it.each([
    ['where numbers are written one by one', 'f32', 'y[0] = 1.0;', /number by number/],
    ['where a result is read back', 'vec4<f32>', 'y[0] = y[1];', /reads what it wrote/],
    ['for whole numbers', 'vec4<i32>', 'y[0] = v;', /cannot be stored in another form/],
    ['for parts that differ', 'Pair', 'y[0] = v;', /cannot be stored in another form/],
    ['where an element is changed in place', 'vec4<f32>', 'y[0] += v;', /in place/],
  ])('%s', (_, type, body, message) => {
    expect(reasonAgainstHalves(program(type, body), 1)).toMatch(message)
  })

  it('not where whole lanes are written', () => {
    expect(reasonAgainstHalves(code, 2)).toBeUndefined()
  })
})
