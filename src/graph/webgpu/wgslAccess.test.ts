import { describe, expect, it } from 'vitest'
import { readDeclarations, rewriteAccesses, stripComments } from './wgslAccess.ts'

const inMain = (body: string) => `fn main() { ${body} }`
const rewritten = (body: string, ...names: string[]) => rewriteAccesses(inMain(body), names).code

describe('the declarations of a program', () => {
  it('are found with aliases and structures resolved', () => {
    const code = `alias Lane = vec4<f32>; alias Left = Lane;
struct Row { l0: vec2<f32>, l1: vec2<f32> }
@group(0) @binding(0) var<uniform> sizes: vec4<u32>;
@group(0) @binding(1) var<storage, read> left: array<Left>;      // [rows, lanes]
@group(0) @binding(3) var<storage, read_write> rows: array<Row>;`
    const declarations = readDeclarations(stripComments(code))
    expect([...declarations.keys()]).toEqual([1, 3])
    expect(declarations.get(1)).toEqual({ name: 'left', isWritable: false, element: 'vec4<f32>' })
    expect(declarations.get(3)).toEqual({
      ...{ name: 'rows', isWritable: true, element: 'Row' },
      members: [
        { name: 'l0', type: 'vec2<f32>' },
        { name: 'l1', type: 'vec2<f32>' },
      ],
    })
  })

  it('are not looked for among block comments', () => {
    expect(() => stripComments('/* x */')).toThrow(/block comment/)
  })
})

describe('accesses become calls', () => {
  it.each([
    ['let a = x[i];', 'let a = load_x(u32(i));'],
    ['let a = x[i].y + s.x + max(x[0], 1.0);', 'let a = load_x(u32(i)).y + s.x + max(load_x(u32(0)), 1.0);'],
    ['let a = x[u32(y[x[i + (j)]].z)];', 'let a = load_x(u32(u32(load_y(u32(load_x(u32(i + (j))))).z)));'],
    ['y[i] = x[i];', 'store_y(u32(i), load_x(u32(i)));'],
    ['if (a) { y[ i ] = f(b, c[2]); }', 'if (a) { store_y(u32( i ), f(b, c[2])); }'],
    [
      'y[i] = select(1.0, 2.0, x[i] == y[j]);',
      'store_y(u32(i), select(1.0, 2.0, load_x(u32(i)) == load_y(u32(j))));',
    ],
    ['let a = x[i] == 1.0 && x[i] <= 2.0;', 'let a = load_x(u32(i)) == 1.0 && load_x(u32(i)) <= 2.0;'],
    ['let a = n & x[i];', 'let a = n & load_x(u32(i));'],
    ['let a = xy[i] + s.x[i] + fx[i];', 'let a = xy[i] + s.x[i] + fx[i];'],
  ])('%s', (before, after) => {
    expect(rewritten(before, 'x', 'y')).toBe(inMain(after))
  })

  it('only where the name means the buffer', () => {
    const code = 'fn f(x: f32) -> f32 { return x * x; } fn g() -> f32 { return f(x[0u]); }'
    const { code: text, uses } = rewriteAccesses(code, ['x'])
    expect(text).toBe('fn f(x: f32) -> f32 { return x * x; } fn g() -> f32 { return f(load_x(u32(0u))); }')
    expect(uses.get('x')).toEqual({ isRead: true, isWritten: false })
  })

  it.each([
    ['takes an address', 'let a = &x[i];', /address or length/],
    ['passes an address', 'f(&x);', /address or length/],
    ['asks for the length', 'let a = arrayLength(&x);', /address or length/],
    ['adds in place', 'x[i] += 1.0;', /in place/],
    ['shifts in place', 'x[i] <<= 1u;', /in place/],
    ['counts in place', 'x[i]++;', /in place/],
    ['assigns a lane', 'x[i].y = 1.0;', /part of an element/],
    ['assigns a lane by number', 'x[i][2] = 1.0;', /part of an element/],
    ['assigns in a loop’s head', 'for (; i < 3; x[i] = 1.0) { }', /outside a statement/],
    [
      'names a variable like the buffer and indexes it',
      'let x = a; let b = x[0];',
      /a buffer and a variable/,
    ],
    [
      'takes a parameter of that name and indexes it',
      '} fn f(x: vec4<f32>) -> f32 { return x[0];',
      /a buffer and a variable/,
    ],
    ['does not close a bracket', 'let a = x[i;', /do not close/],
  ])('and a program that %s is refused', (_, body, message) => {
    expect(() => rewritten(body, 'x')).toThrow(message)
  })
})
