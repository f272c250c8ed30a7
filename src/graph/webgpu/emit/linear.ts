// Matrix products and 3-D convolutions with their gradients, plainly: one thread an element (or four channels). They
// stand in where no kernel of ours takes a node (emitters.ts), and say what is right.
import { sizeOf } from '../../graph.ts'
import type { TensorBinding } from '../../../kernels/gpuKernel.ts'
import { broadcastView, ownView } from '../view.ts'
import { coordinatesText, offsetText, type Words } from '../wgsl.ts'
import type { Emitter, NodeView } from './emission.ts'
import { portsOf, programEmission, programStep, type ThreadProgram } from './program.ts'
import { sumSlicesStep } from './reduce.ts'

const matMul: Emitter = view => {
  const { transposeA, transposeB } = view.node.attributes
  const [a, b] = view.from.map(info => info.shape)
  const { shape } = view.to[0]
  const batch = shape.slice(0, -2)
  const [M, N] = shape.slice(-2)
  const K = a.at(transposeA ? -2 : -1)!
  const batchOffset = (words: Words, operand: readonly number[]) => {
    const own = operand.slice(0, -2)
    const { strides } = broadcastView(ownView(own), own, batch)
    return `(${offsetText(words, { offset: 0, strides }, 'b')})`
  }
  return programEmission({
    ...portsOf(view, ['a', 'b'], ['y']),
    threads: sizeOf(shape),
    body(words) {
      const [m, n, k] = [M, N, K].map(value => words.add(value))
      const text = coordinatesText(words, `index / (${m} * ${n})`, batch.length > 0 ? batch : [1], 'b')
      const left = transposeA ? `i * ${m} + row` : `row * ${k} + i`
      const right = transposeB ? `column * ${k} + i` : `i * ${n} + column`
      return `${text}  let row = index / ${n} % ${m}; let column = index % ${n};
  let startA = ${batchOffset(words, a)} * ${m} * ${k}; let startB = ${batchOffset(words, b)} * ${k} * ${n};
  var sum = 0.0;
  for (var i = 0; i < ${k}; i++) { sum += a[startA + ${left}] * b[startB + ${right}]; }
  y[index] = sum;\n`
    },
  })
}

interface Geometry {
  /** [B, D, H, W, C] of the convolution's input and [B, d, h, w, O] of its output, [a, b, c, C, O] of the filter. */
  readonly input: readonly number[]
  readonly output: readonly number[]
  readonly filter: readonly number[]
  readonly strides: readonly number[]
  readonly padBefore: readonly number[]
  readonly dilations: readonly number[]
}

function geometryOf(
  { node }: NodeView,
  input: readonly number[],
  output: readonly number[],
  filter: readonly number[],
): Geometry {
  const { strides, padBefore, dilations } = node.attributes as Record<string, readonly number[]>
  return { input, output, filter, strides, padBefore, dilations }
}

/** Names of the geometry's numbers: `D`, `d` (output), `kd` and so on by axis. */
function nameSizes(words: Words, g: Geometry) {
  const triple = (list: readonly number[]) => [0, 1, 2].map(axis => words.add(list[axis]))
  return {
    input: triple(g.input.slice(1)),
    output: triple(g.output.slice(1)),
    kernel: triple(g.filter),
    strides: triple(g.strides),
    pads: triple(g.padBefore),
    dilations: triple(g.dilations),
    channels: words.add(g.filter[3]),
    outputs: words.add(g.filter[4]),
  }
}

const axes = [0, 1, 2] as const

/** Nested loops over the kernel's taps t0, t1, t2 around `statement`. */
const tapLoops = (kernel: readonly string[], statement: string) =>
  axes.map(axis => `for (var t${axis} = 0; t${axis} < ${kernel[axis]}; t${axis}++) { `).join('') +
  `${statement} }}}\n`

const flat = (prefix: string, sizes: readonly string[], batch: string) =>
  `((${batch} * ${sizes[0]} + ${prefix}0) * ${sizes[1]} + ${prefix}1) * ${sizes[2]} + ${prefix}2`

const isInside = (prefix: string, sizes: readonly string[]) =>
  axes.map(axis => `${prefix}${axis} >= 0 && ${prefix}${axis} < ${sizes[axis]}`).join(' && ')

const conv3d: Emitter = view => {
  const [input, filter] = view.from.map(info => info.shape)
  const g = geometryOf(view, input, view.to[0].shape, filter)
  const width = filter[4] % 4 === 0 ? 4 : 1
  const type = width === 4 ? 'vec4<f32>' : 'f32'
  const program: ThreadProgram = {
    reads: [
      { name: 'x', dtype: 'float32' },
      { name: 'filters', dtype: 'float32', width },
    ],
    writes: [{ name: 'y', dtype: 'float32', width }],
    threads: sizeOf(g.output) / width,
    body(words) {
      const n = nameSizes(words, g)
      const lanes = words.add(filter[4] / width)
      const place = axes
        .map(
          axis =>
            `let s${axis} = c${axis + 1} * ${n.strides[axis]} - ${n.pads[axis]} + t${axis} * ${n.dilations[axis]};`,
        )
        .join(' ')
      return `${coordinatesText(words, 'index', [...g.output.slice(0, 4), filter[4] / width], 'c')}  var sum = ${type}(0.0);
  ${tapLoops(
    n.kernel,
    `${place}
    if (${isInside('s', n.input)}) {
      let start = (${flat('s', n.input, 'c0')}) * ${n.channels};
      let row = ((t0 * ${n.kernel[1]} + t1) * ${n.kernel[2]} + t2) * ${n.channels};
      for (var i = 0; i < ${n.channels}; i++) { sum += x[start + i] * filters[(row + i) * ${lanes} + c4]; }
    }`,
  )}  y[index] = sum;\n`
    },
  }
  return programEmission(program)
}

/** Which output voxels `o` a tap at input voxel `c` feeds, as statements ending in the condition's text. */
function feedsText(n: ReturnType<typeof nameSizes>): { place: string; condition: string } {
  const place = axes
    .map(
      axis =>
        `let q${axis} = c${axis + 1} + ${n.pads[axis]} - t${axis} * ${n.dilations[axis]}; let o${axis} = q${axis} / ${n.strides[axis]};`,
    )
    .join(' ')
  const whole = axes.map(
    axis => `q${axis} >= 0 && q${axis} % ${n.strides[axis]} == 0 && o${axis} < ${n.output[axis]}`,
  )
  return { place, condition: whole.join(' && ') }
}

const conv3dInputGradient: Emitter = view => {
  const [output, filter] = view.from.map(info => info.shape)
  const g = geometryOf(view, view.to[0].shape, output, filter)
  const width = filter[4] % 4 === 0 ? 4 : 1
  return programEmission({
    reads: [
      { name: 'dy', dtype: 'float32', width },
      { name: 'filters', dtype: 'float32', width },
    ],
    writes: [{ name: 'dx', dtype: 'float32' }],
    threads: sizeOf(g.input),
    body(words) {
      const n = nameSizes(words, g)
      const lanes = words.add(filter[4] / width)
      const { place, condition } = feedsText(n)
      const product =
        width === 4 ? 'dot(dy[start + j], filters[row + j])' : 'dy[start + j] * filters[row + j]'
      return `${coordinatesText(words, 'index', g.input, 'c')}  var sum = 0.0;
  ${tapLoops(
    n.kernel,
    `${place}
    if (${condition}) {
      let start = (${flat('o', n.output, 'c0')}) * ${lanes};
      let row = (((t0 * ${n.kernel[1]} + t1) * ${n.kernel[2]} + t2) * ${n.channels} + c4) * ${lanes};
      for (var j = 0; j < ${lanes}; j++) { sum += ${product}; }
    }`,
  )}  dx[index] = sum;\n`
    },
  })
}

/** Output voxels that a thread sums, at least; and more threads than this are no use. */
const shortestSum = 64
const mostThreads = 131_072

const conv3dFilterGradient: Emitter = view => {
  const [input, output] = view.from.map(info => info.shape)
  const filter = view.to[0].shape
  const g = geometryOf(view, input, output, filter)
  const voxels = sizeOf(output.slice(0, 4))
  const count = sizeOf(filter)
  const slices = Math.max(1, Math.min(Math.ceil(voxels / shortestSum), Math.ceil(mostThreads / count)))
  const program: ThreadProgram = {
    reads: [
      { name: 'x', dtype: 'float32' },
      { name: 'dy', dtype: 'float32' },
    ],
    writes: [{ name: 'sums', dtype: 'float32' }],
    threads: slices * count,
    body(words) {
      const n = nameSizes(words, g)
      const [entries, all, length] = [count, voxels, Math.ceil(voxels / slices)].map(value =>
        words.add(value),
      )
      const place = axes
        .map(
          axis =>
            `let s${axis} = v${axis + 1} * ${n.strides[axis]} - ${n.pads[axis]} + c${axis} * ${n.dilations[axis]};`,
        )
        .join(' ')
      return `  let first = index / ${entries} * ${length};
${coordinatesText(words, `index % ${entries}`, filter, 'c')}  var sum = 0.0;
  for (var v = first; v < min(first + ${length}, ${all}); v++) {
${coordinatesText(words, 'v', output.slice(0, 4), 'v')}    ${place}
    if (${isInside('s', n.input)}) {
      sum += x[(${flat('s', n.input, 'v0')}) * ${n.channels} + c3] * dy[v * ${n.outputs} + c4];
    }
  }
  sums[index] = sum;\n`
    },
  }
  return {
    scratch: slices > 1 ? [slices * count] : [],
    isSingle: slices === 1,
    steps({ inputs, outputs: [dFilter], scratch: [partials] }) {
      const [x, dy] = inputs as readonly TensorBinding[]
      if (slices === 1) return [programStep(program, [x, dy, dFilter])]
      return [programStep(program, [x, dy, partials]), sumSlicesStep(partials, dFilter, count, slices)]
    },
  }
}

export const linearEmitters: Readonly<Record<string, Emitter>> = {
  BatchMatMul: matMul,
  Conv3D: conv3d,
  Conv3DBackpropInputV2: conv3dInputGradient,
  Conv3DBackpropFilterV2: conv3dFilterGradient,
}
