// Joins, borders and repetitions as strided copies: each piece is one map of a view of its source into a view of the
// result.
import { sizeOf } from '../../graph.ts'
import type { Dtype } from '../../graph.ts'
import type { Chain } from '../chain.ts'
import { ownView, type View } from '../view.ts'
import type { Emission, NodeView } from './emission.ts'
import { mapStep, type Result } from './map.ts'

interface Copy {
  readonly chain: Chain
  readonly result: Result
}

function copyOf(shape: readonly number[], input: number, source: View, target: View, dtype: Dtype): Copy {
  return {
    chain: {
      shape,
      loads: [{ input, view: source, dtype }],
      instructions: [{ kind: 'load', load: 0, dtype }],
    },
    result: { instruction: 0, output: 0, view: target, dtype },
  }
}

const copies = (list: readonly Copy[]): Emission => ({
  scratch: [],
  isSingle: false,
  steps: bindings => list.map(({ chain, result }) => mapStep(chain, [result], bindings)),
})

/** A view of a tensor's own order from a place inwards. */
function viewFrom(shape: readonly number[], begin: readonly number[]): View {
  const { strides } = ownView(shape)
  return { offset: begin.reduce((sum, at, axis) => sum + at * strides[axis], 0), strides }
}

export function concatEmission({ node, from, to: [to] }: NodeView): Emission {
  const axis = node.attributes.axis as number
  let offset = 0
  return copies(
    from.map(({ shape, dtype }, input) => {
      const begin = to.shape.map((_, each) => (each === axis ? offset : 0))
      offset += shape[axis]
      return copyOf(shape, input, ownView(shape), viewFrom(to.shape, begin), dtype)
    }),
  )
}

/** Negative padding cuts. */
export function padEmission({ node, from: [from], to: [to] }: NodeView): Emission {
  const paddings = node.attributes.paddings as readonly (readonly number[])[]
  const { dtype } = to
  const shape = from.shape.map(
    (size, axis) => size + paddings[axis].reduce((sum, count) => sum + Math.min(0, count), 0),
  )
  const source = viewFrom(
    from.shape,
    paddings.map(([before]) => Math.max(0, -before)),
  )
  const target = viewFrom(
    to.shape,
    paddings.map(([before]) => Math.max(0, before)),
  )
  const border: Copy = {
    chain: {
      shape: to.shape,
      loads: [],
      instructions: [{ kind: 'literal', value: node.attributes.value as number, dtype }],
    },
    result: { instruction: 0, output: 0, view: ownView(to.shape), dtype },
  }
  return copies([border, ...(sizeOf(shape) > 0 ? [copyOf(shape, 0, source, target, dtype)] : [])])
}

export function tileEmission({ node, from: [from], to: [to] }: NodeView): Emission {
  const reps = node.attributes.reps as readonly number[]
  const shape = from.shape.flatMap((size, axis) => [reps[axis], size])
  const source = { offset: 0, strides: ownView(from.shape).strides.flatMap(stride => [0, stride]) }
  return copies([copyOf(shape, 0, source, ownView(shape), to.dtype)])
}
