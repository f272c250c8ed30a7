// Where the elements of a value lie, seen from somebody else's index: offset + Σ index·stride. Reshapes, transposes,
// slices, reversals and broadcasts only change this, so that whoever reads through a view needs no copy.
import { sizeOf } from '../graph.ts'
import type { Attributes } from '../graph.ts'

/** Offset and strides in elements; the shape is the one that the reader iterates over. */
export interface View {
  readonly offset: number
  readonly strides: readonly number[]
}

/** The view of a value in its own order. */
export function ownView(shape: readonly number[]): View {
  const strides = Array<number>(shape.length).fill(0)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]
  }
  return { offset: 0, strides }
}

/** A view over `from` seen from the larger shape `to` (NumPy's broadcasting). */
export function broadcastView(view: View, from: readonly number[], to: readonly number[]): View {
  const missing = to.length - from.length
  const strides = to.map((size, axis) => {
    const own = axis < missing ? 1 : from[axis - missing]
    return own === 1 && size !== 1 ? 0 : axis < missing ? 0 : view.strides[axis - missing]
  })
  return { offset: view.offset, strides }
}

/** Neighbouring axes that are walked at one stride, as one, the innermost last. Axes of size 1 vanish. */
function joinAxes(view: View, shape: readonly number[]): { size: number; stride: number }[] {
  const runs: { size: number; stride: number }[] = []
  shape.forEach((size, axis) => {
    if (size === 1) return
    const last = runs.at(-1)
    const stride = view.strides[axis]
    if (last && last.stride === stride * size) Object.assign(last, { size: last.size * size, stride })
    else runs.push({ size, stride })
  })
  return runs
}

/** A view over `from` seen from `to`, of as many elements; undefined where one stride an axis cannot say it. */
export function reshapeView(view: View, from: readonly number[], to: readonly number[]): View | undefined {
  const runs = joinAxes(view, from)
  const strides = Array<number>(to.length).fill(0)
  let run = runs.pop()
  let done = 1
  for (let axis = to.length - 1; axis >= 0; axis--) {
    if (to[axis] === 1) continue
    if (run && done === run.size) {
      run = runs.pop()
      done = 1
    }
    if (!run || run.size % (done * to[axis]) !== 0) return undefined
    strides[axis] = run.stride * done
    done *= to[axis]
  }
  return { offset: view.offset, strides }
}

const numbers = (attribute: unknown) => attribute as readonly number[]

/** What a node that only moves elements does to a view of its input, by operation. */
const moves: Readonly<
  Record<
    string,
    (view: View, from: readonly number[], attributes: Attributes, to: readonly number[]) => View | undefined
  >
> = {
  Reshape: (view, from, _, to) => reshapeView(view, from, to),
  Transpose: ({ offset, strides }, _, { perm }) => ({
    offset,
    strides: numbers(perm).map(axis => strides[axis]),
  }),
  Slice: (view, from, { begin }) =>
    stepView(
      view,
      numbers(begin),
      from.map(() => 1),
    ),
  StridedSlice: (view, _, { begin, strides }) => stepView(view, numbers(begin), numbers(strides)),
  Reverse: (view, from, { axes }) => {
    const isTurned = from.map((_, axis) => numbers(axes).includes(axis))
    const begin = from.map((size, axis) => (isTurned[axis] ? size - 1 : 0))
    return stepView(
      view,
      begin,
      isTurned.map(turned => (turned ? -1 : 1)),
    )
  },
  BroadcastTo: (view, from, _, to) => broadcastView(view, from, to),
}

function stepView({ offset, strides }: View, begin: readonly number[], steps: readonly number[]): View {
  return {
    offset: begin.reduce((sum, at, axis) => sum + at * strides[axis], offset),
    strides: strides.map((stride, axis) => stride * steps[axis]),
  }
}

/** True for operations that a view can express, if perhaps not from every place. */
export function isMove(op: string): boolean {
  return Object.hasOwn(moves, op)
}

/**
 * The input of a moving node as a view over its output, given the view of the input over itself.
 * @returns undefined for a reshape that no strides can express.
 */
export function moveView(
  op: string,
  view: View,
  from: readonly number[],
  attributes: Attributes,
  to: readonly number[],
): View | undefined {
  return moves[op](view, from, attributes, to)
}

/** A shape and views over it with the fewest axes that still tell all views apart; at least one axis. */
export function collapse(
  shape: readonly number[],
  views: readonly View[],
): { readonly shape: readonly number[]; readonly views: readonly View[] } {
  const sizes: number[] = []
  const strides: number[][] = views.map(() => [])
  shape.forEach((size, axis) => {
    if (size === 1) return
    const last = sizes.length - 1
    const joins = last >= 0 && views.every((view, k) => strides[k][last] === view.strides[axis] * size)
    if (joins) sizes[last] *= size
    else sizes.push(size)
    views.forEach((view, k) => {
      if (joins) strides[k][last] = view.strides[axis]
      else strides[k].push(view.strides[axis])
    })
  })
  if (sizes.length === 0) {
    sizes.push(sizeOf(shape))
    strides.forEach(each => each.push(1))
  }
  return { shape: sizes, views: views.map(({ offset }, k) => ({ offset, strides: strides[k] })) }
}
