// Operations along one axis: softmax, index of an extreme, cumulative sum, the k largest, mirrored borders.
// A line is the n elements along the axis at one place of the others: element j at (outer·n + j)·inner + i.
import { sizeOf } from '../../graph.ts'
import { coordinatesText, offsetText } from '../wgsl.ts'
import { ownView } from '../view.ts'
import type { Emitter, NodeView } from './emission.ts'
import { portsOf, programEmission } from './program.ts'

interface Lines {
  readonly n: number
  readonly inner: number
  readonly lines: number
}

function linesOf(shape: readonly number[], axis: number): Lines {
  const inner = sizeOf(shape.slice(axis + 1))
  return { n: shape[axis], inner, lines: sizeOf(shape) / shape[axis] }
}

/** Statements that find the line's first element `start` and the step `inner`. */
const startText = (n: string, inner: string) =>
  `  let start = index / ${inner} * ${n} * ${inner} + index % ${inner};\n`

/** Loops over a line with `at`, the element's place. */
const loop = (n: string, inner: string, statement: string, from = '0') =>
  `  for (var j = ${from}; j < ${n}; j++) { let at = start + j * ${inner}; ${statement} }\n`

const softmax =
  (isLogarithm: boolean): Emitter =>
  view => {
    const { n, inner, lines } = linesOf(view.from[0].shape, view.node.attributes.axis as number)
    return programEmission({
      ...portsOf(view, ['x'], ['y']),
      threads: lines,
      body(words) {
        const [nText, innerText] = [words.add(n), words.add(inner)]
        const value = isLogarithm ? 'x[at] - largest - log(sum)' : 'exp(x[at] - largest) / sum'
        return (
          startText(nText, innerText) +
          '  var largest = x[start];\n' +
          loop(nText, innerText, 'largest = max(largest, x[at]);') +
          '  var sum = 0.0;\n' +
          loop(nText, innerText, 'sum += exp(x[at] - largest);') +
          loop(nText, innerText, `y[at] = ${value};`)
        )
      },
    })
  }

/** The first of equal extremes, as tfjs has it. */
const extreme =
  (comparison: '>' | '<'): Emitter =>
  view => {
    const { n, inner, lines } = linesOf(view.from[0].shape, view.node.attributes.axis as number)
    return programEmission({
      ...portsOf(view, ['x'], ['y']),
      threads: lines,
      body(words) {
        const [nText, innerText] = [words.add(n), words.add(inner)]
        return `${startText(nText, innerText)}  var best = 0;\n${loop(
          nText,
          innerText,
          `if (x[at] ${comparison} x[start + best * ${innerText}]) { best = j; }`,
        )}  y[index] = best;\n`
      },
    })
  }

const cumulativeSum: Emitter = view => {
  const { axis, exclusive, reverse } = view.node.attributes
  const { n, inner, lines } = linesOf(view.from[0].shape, axis as number)
  return programEmission({
    ...portsOf(view, ['x'], ['y']),
    threads: lines,
    body(words) {
      const [nText, innerText] = [words.add(n), words.add(inner)]
      const place = reverse ? `start + (${nText} - 1 - j) * ${innerText}` : `start + j * ${innerText}`
      const sum = exclusive ? 'y[at] = sum; sum += x[at];' : 'sum += x[at]; y[at] = sum;'
      const zero = view.to[0].dtype === 'float32' ? '0.0' : '0'
      return `${startText(nText, innerText)}  var sum = ${zero};
  for (var j = 0; j < ${nText}; j++) { let at = ${place}; ${sum} }\n`
    },
  })
}

/** Each element counts how many stand before it: greater, or equal and earlier; the first k take their rank's place. */
const topK: Emitter = view => {
  const { shape } = view.from[0]
  const n = shape.at(-1)!
  const k = view.to[0].shape.at(-1)!
  return programEmission({
    ...portsOf(view, ['x'], ['values', 'indices']),
    threads: sizeOf(shape),
    body(words) {
      const [nText, kText] = [words.add(n), words.add(k)]
      return `  let row = index / ${nText}; let own = index % ${nText}; let value = x[index];
  var rank = 0;
  for (var j = 0; j < ${nText}; j++) {
    let other = x[row * ${nText} + j];
    if (other > value || (other == value && j < own)) { rank++; }
  }
  if (rank < ${kText}) { values[row * ${kText} + rank] = value; indices[row * ${kText} + rank] = own; }\n`
    },
  })
}

const mirrorPad: Emitter = (view: NodeView) => {
  const { paddings, mode } = view.node.attributes
  const before = (paddings as readonly (readonly number[])[]).map(pair => pair[0])
  const skip = mode === 'symmetric' ? 0 : 1
  const from = view.from[0].shape
  const to = view.to[0].shape
  return programEmission({
    ...portsOf(view, ['x'], ['y']),
    threads: sizeOf(to),
    body(words) {
      let text = coordinatesText(words, 'index', to, 'c')
      from.forEach((size, axis) => {
        const n = words.add(size)
        text += `  let p${axis} = c${axis} - ${words.add(before[axis])};\n`
        const below = `${skip - 1} - p${axis}`
        const above = `2 * ${n} - ${1 + skip} - p${axis}`
        text += `  let s${axis} = select(select(p${axis}, ${above}, p${axis} >= ${n}), ${below}, p${axis} < 0);\n`
      })
      return `${text}  y[index] = x[${offsetText(words, ownView(from), 's')}];\n`
    },
  })
}

export const lineEmitters: Readonly<Record<string, Emitter>> = {
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  ArgMax: extreme('>'),
  ArgMin: extreme('<'),
  Cumsum: cumulativeSum,
  TopK: topK,
  MirrorPad: mirrorPad,
}
