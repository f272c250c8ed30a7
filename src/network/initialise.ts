// The two initialisers of SPEC section 10: the training one, and the hash one that recreates the fixtures' weights.
// Both are integer hashes or a seeded generator, so that a seed gives the same weights on every machine.
import { elementCount, type ParameterShapes, type ParameterValues } from './parameters.ts'

const golden = 0x9e3779b1

/** Avalanche of a uint32 (SPEC 10, `mix`). */
function mix(value: number): number {
  let x = value >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** FNV-1a over the UTF-8 bytes of a name, as uint32. */
export function fnv1a(name: string): number {
  let hash = 2166136261
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 16777619)
  return hash >>> 0
}

/** `center + amp·u`, u uniform in [-1, 1) from the hash of name, seed and index; float64 values before rounding. */
export function hashUniform(
  name: string,
  seed: number,
  count: number,
  center: number,
  amp: number,
): Float64Array {
  const key = mix(fnv1a(name) ^ Math.imul(seed, golden))
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++)
    values[i] = center + amp * ((2 * mix((Math.imul(i, golden) + key) >>> 0)) / 2 ** 32 - 1)
  return values
}

/** Centre and amplitude that the hash initialiser gives a parameter, by its name and shape. */
export function hashSpread(name: string, shape: readonly number[]): { center: number; amp: number } {
  const path = name.split('.')
  const last = path[path.length - 1]
  const owner = path[path.length - 2] ?? ''
  if (owner.includes('norm')) return last === 'weight' ? { center: 1, amp: 0.2 } : { center: 0, amp: 0.1 }
  if (['relative_position_bias_table', 'mask_token', 'cls_token'].includes(last))
    return { center: 0, amp: 0.5 }
  if (last === 'weight_g') return { center: 1, amp: 0 }
  if (last === 'bias') return { center: 0, amp: 0.05 }
  const gain = /(attn\.proj|fc2)\.weight$/.test(name) ? 0.5 : name.endsWith('qkv.weight') ? 2 : 1
  return { center: 0, amp: gain * Math.sqrt(3 / fanIn(name, shape)) }
}

function fanIn(name: string, shape: readonly number[]): number {
  return name.includes('transp_conv') ? shape[0] : elementCount(shape.slice(1))
}

/** The fixtures' initialiser; never used for training. */
export function hashInitialise(shapes: ParameterShapes, seed: number): ParameterValues {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const { center, amp } = hashSpread(name, shape)
      return [name, Float32Array.from(hashUniform(name, seed, elementCount(shape), center, amp))]
    }),
  )
}

/** Standard normal values from pairs of hashed uniforms (Box–Muller). */
function normals(name: string, seed: number, count: number): Float64Array {
  const uniforms = hashUniform(name, seed, 2 * count, 0.5, 0.5)
  return Float64Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(Math.max(uniforms[2 * i], 2 ** -33)))
    return radius * Math.cos(2 * Math.PI * uniforms[2 * i + 1])
  })
}

/** Fan-in of the convolution that a parameter belongs to, or undefined where it belongs to none. */
function convolutionFanIn(
  name: string,
  shape: readonly number[],
  shapes: ParameterShapes,
): number | undefined {
  const weight = name.endsWith('.bias') ? shapes[`${name.slice(0, -5)}.weight`] : shape
  if (weight?.length !== 5) return undefined
  // PyTorch takes the fan-in of a transposed convolution from the weight's second axis.
  return elementCount(weight.slice(1))
}

function trainingValues(
  name: string,
  shape: readonly number[],
  shapes: ParameterShapes,
  seed: number,
): Float32Array {
  const count = elementCount(shape)
  const uniform = (bound: number) => Float32Array.from(hashUniform(name, seed, count, 0, bound))
  const path = name.split('.')
  const last = path[path.length - 1]
  const convolution = convolutionFanIn(name, shape, shapes)
  if (convolution !== undefined) return uniform(1 / Math.sqrt(convolution))
  if (last === 'weight_g') return new Float32Array(count).fill(1)
  if (last === 'weight_v') return uniform(1 / Math.sqrt(shape[1]))
  if (last === 'bias' || last === 'mask_token') return new Float32Array(count)
  if ((path[path.length - 2] ?? '').includes('norm')) return new Float32Array(count).fill(1)
  return Float32Array.from(normals(name, seed, count), value => 0.02 * value)
}

/**
 * Initial values for training (SPEC 10): normal of deviation 0.02 for linear weights, tables and cls_token; PyTorch's
 * uniform default for convolutions; zeros and ones elsewhere. The same seed gives the same values.
 */
export function initialiseParameters(shapes: ParameterShapes, seed: number): ParameterValues {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, trainingValues(name, shape, shapes, seed)]),
  )
}
