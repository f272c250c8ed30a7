// Operations that go by index: gathers, scattered sums, one-hot. Sums are taken by the thread of the result, over all
// updates in their order: no atomics, the same bits every time.
import { sizeOf } from '../../graph.ts'
import { literalText } from '../expressions.ts'
import { ownView } from '../view.ts'
import type { Emitter } from './emission.ts'
import { portsOf, programEmission } from './program.ts'

/** A number as text outside of lanes. */
const scalarText = (value: number, dtype: 'float32' | 'int32' | 'bool') =>
  literalText(value, dtype).replace(/^F/, 'f32').replace(/^I/, 'i32')

const gather: Emitter = view => {
  const { shape } = view.from[0]
  const axis = view.node.attributes.axis as number
  const picked = sizeOf(view.from[1].shape)
  return programEmission({
    ...portsOf(view, ['x', 'indices'], ['y']),
    threads: sizeOf(view.to[0].shape),
    body(words) {
      const [inner, count, n] = [sizeOf(shape.slice(axis + 1)), picked, shape[axis]].map(v => words.add(v))
      return `  let i = index % ${inner}; let k = index / ${inner} % ${count}; let outer = index / ${inner} / ${count};
  y[index] = x[(outer * ${n} + indices[k]) * ${inner} + i];\n`
    },
  })
}

/** Statements that turn a row of an index table [.., depth] into `row`, the place among the first `depth` axes. */
function tableRowText(
  depth: number,
  shape: readonly number[],
  entry: string,
  add: (value: number) => string,
): string {
  const { strides } = ownView(shape.slice(0, depth))
  const terms = strides.map((stride, axis) => `indices[${entry} * ${depth} + ${axis}] * ${add(stride)}`)
  return `  let row = ${terms.join(' + ')};\n`
}

const gatherNd: Emitter = view => {
  const { shape } = view.from[0]
  const depth = view.from[1].shape.at(-1)!
  return programEmission({
    ...portsOf(view, ['x', 'indices'], ['y']),
    threads: sizeOf(view.to[0].shape),
    body(words) {
      const inner = words.add(sizeOf(shape.slice(depth)))
      const row = tableRowText(depth, shape, 'k', value => words.add(value))
      return `  let k = index / ${inner};\n${row}  y[index] = x[row * ${inner} + index % ${inner}];\n`
    },
  })
}

const scatterNd: Emitter = view => {
  const { shape } = view.to[0]
  const table = view.from[0].shape
  const depth = table.at(-1)!
  return programEmission({
    ...portsOf(view, ['indices', 'updates'], ['y']),
    threads: sizeOf(shape),
    body(words) {
      const inner = words.add(sizeOf(shape.slice(depth)))
      const count = words.add(sizeOf(table) / depth)
      const row = tableRowText(depth, shape, 'k', value => words.add(value))
      return `  var sum = ${scalarText(0, view.to[0].dtype)};
  for (var k = 0; k < ${count}; k++) {
  ${row}    if (row == index / ${inner}) { sum += updates[k * ${inner} + index % ${inner}]; }
  }
  y[index] = sum;\n`
    },
  })
}

const segmentSum: Emitter = view => {
  const ids = view.from[1].shape
  const { shape } = view.from[0]
  return programEmission({
    ...portsOf(view, ['x', 'segments'], ['y']),
    threads: sizeOf(view.to[0].shape),
    body(words) {
      const inner = words.add(sizeOf(shape.slice(ids.length)))
      const count = words.add(sizeOf(ids))
      return `  var sum = ${scalarText(0, view.to[0].dtype)};
  for (var k = 0; k < ${count}; k++) {
    if (segments[k] == index / ${inner}) { sum += x[k * ${inner} + index % ${inner}]; }
  }
  y[index] = sum;\n`
    },
  })
}

const oneHot: Emitter = view => {
  const { onValue, offValue } = view.node.attributes
  const [{ shape, dtype }] = view.to
  return programEmission({
    ...portsOf(view, ['indices'], ['y']),
    threads: sizeOf(shape),
    body(words) {
      const depth = words.add(shape.at(-1)!)
      const [on, off] = [onValue, offValue].map(value => scalarText(value as number, dtype))
      return `  y[index] = select(${off}, ${on}, i32(indices[index / ${depth}]) == index % ${depth});\n`
    },
  })
}

export const lookupEmitters: Readonly<Record<string, Emitter>> = {
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: scatterNd,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
}
