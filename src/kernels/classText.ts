// One voxel's classes as a WGSL struct of named numbers, and what is done with it. A loop over an indexed local array
// would say the same in less text, but compilers that do not unroll it keep the array in memory: several times slower.

const sum = (terms: readonly string[]) => (terms.length === 0 ? '0.0' : terms.join(' + '))

/**
 * `struct Classes` of K numbers; `zeroClasses`, `oneHot(label)` (all 0 for a label outside), `addClasses`,
 * `multiplyClasses`, `scaleClasses`, `largestClass`, `sumClasses`, `exponentials(a, shift)` = exp(a − shift). For each of
 * `buffers`, read- or written with `read…(first)` or `write…(first, a)`.
 */
export function classText(
  K: number,
  buffers: { readonly read?: readonly string[]; readonly write?: readonly string[] },
): string {
  const names = Array.from({ length: K }, (_, k) => `k${k}`)
  const each = (entry: (name: string, k: number) => string) => `Classes(${names.map(entry).join(', ')})`
  const largest = names.slice(1).reduce((text, name) => `max(${text}, a.${name})`, 'a.k0')
  const capitalised = (name: string) => name[0].toUpperCase() + name.slice(1)
  const readers = (buffers.read ?? []).map(
    name =>
      `fn read${capitalised(name)}(first: u32) -> Classes { return ${each((_, k) => `${name}[first + ${k}u]`)}; }`,
  )
  const writers = (buffers.write ?? []).map(
    name =>
      `fn write${capitalised(name)}(first: u32, a: Classes) { ${names
        .map((lane, k) => `${name}[first + ${k}u] = a.${lane};`)
        .join(' ')} }`,
  )
  return `
const CLASSES = ${K}u;
struct Classes { ${names.map(name => `${name}: f32`).join(', ')} }
fn oneHot(label: i32) -> Classes { return ${each((_, k) => `select(0.0, 1.0, label == ${k})`)}; }
fn addClasses(a: Classes, b: Classes) -> Classes { return ${each(name => `a.${name} + b.${name}`)}; }
fn multiplyClasses(a: Classes, b: Classes) -> Classes { return ${each(name => `a.${name} * b.${name}`)}; }
fn scaleClasses(a: Classes, by: f32) -> Classes { return ${each(name => `a.${name} * by`)}; }
fn largestClass(a: Classes) -> f32 { return ${largest}; }
fn sumClasses(a: Classes) -> f32 { return ${sum(names.map(name => `a.${name}`))}; }
fn exponentials(a: Classes, shift: f32) -> Classes { return ${each(name => `exp(a.${name} - shift)`)}; }
${[...readers, ...writers].join('\n')}`
}
