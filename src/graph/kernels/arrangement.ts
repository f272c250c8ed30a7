// Kernels that only move elements: reshapes, transposes, slices, joins, padding, repetition.
import * as tf from '@tensorflow/tfjs-core'
import { sizeOf } from '../graph.ts'
import { axesOf, reshape } from './kernelRule.ts'
import type { KernelRule, KernelRules } from './kernelRule.ts'
import type { GraphBuilder } from '../builder.ts'

/** A shape in which one -1 stands for what is left. */
function resolveShape(shape: readonly number[], size: number): number[] {
  const known = shape.filter(each => each !== -1)
  return shape.map(each => (each === -1 ? size / sizeOf(known) : each))
}

/** size[i] = -1 means to the end. */
function slice(graph: GraphBuilder, x: number, begin: readonly number[], size: readonly number[]): number {
  const { shape, dtype } = graph.info(x)
  const from = shape.map((_, axis) => begin[axis] ?? 0)
  const to = shape.map((full, axis) => ((size[axis] ?? -1) === -1 ? full - from[axis] : size[axis]))
  return graph.one('Slice', [x], { begin: from }, { shape: to, dtype })
}

function concat(graph: GraphBuilder, list: readonly number[], axis: number): number {
  const infos = list.map(id => graph.info(id))
  const rank = infos[0].shape.length
  const [at] = axesOf(axis, rank)
  const shape = infos[0].shape.map((size, each) =>
    each === at ? infos.reduce((sum, info) => sum + info.shape[at], 0) : size,
  )
  const used = list.filter((_, index) => sizeOf(infos[index].shape) > 0)
  return graph.one('Concat', used, { axis: at }, { shape, dtype: infos[0].dtype })
}

function splits(attribute: unknown, size: number): number[] {
  if (typeof attribute === 'number') return Array<number>(attribute).fill(size / attribute)
  return resolveSplit(attribute as number[], size)
}

function resolveSplit(sizes: readonly number[], total: number): number[] {
  const known = sizes.filter(size => size !== -1).reduce((sum, size) => sum + size, 0)
  return sizes.map(size => (size === -1 ? total - known : size))
}

/** Slices of the given sizes one after another along an axis. */
function cut(graph: GraphBuilder, x: number, axis: number, sizes: readonly number[]): number[] {
  const { shape } = graph.info(x)
  let offset = 0
  return sizes.map(size => {
    const begin = shape.map((_, each) => (each === axis ? offset : 0))
    offset += size
    return slice(
      graph,
      x,
      begin,
      shape.map((full, each) => (each === axis ? size : full)),
    )
  })
}

const stridedSlice: KernelRule = {
  inputs: ['x'],
  record(graph, [x], attributes) {
    const { begin, end, strides } = attributes as Record<string, number[]>
    const masks = attributes as Record<string, number>
    const { shape, dtype } = graph.info(x)
    const info = tf.slice_util.sliceInfo(
      [...shape],
      begin,
      end,
      strides,
      masks.beginMask,
      masks.endMask,
      masks.ellipsisMask,
      masks.newAxisMask,
      masks.shrinkAxisMask,
    )
    const taken = info.begin.map((from, axis) =>
      Math.max(0, Math.ceil((info.end[axis] - from) / info.strides[axis])),
    )
    const picked = info.strides.every(stride => stride === 1)
      ? slice(graph, x, info.begin, taken)
      : graph.one('StridedSlice', [x], { begin: info.begin, strides: info.strides }, { shape: taken, dtype })
    return [reshape(graph, picked, info.finalShape)]
  },
}

export const arrangementRules: KernelRules = {
  Reshape: {
    inputs: ['x'],
    record: (graph, [x], { shape }) => [
      reshape(graph, x, resolveShape(shape as number[], sizeOf(graph.info(x).shape))),
    ],
  },
  ExpandDims: {
    inputs: ['input'],
    record(graph, [x], { dim }) {
      const { shape } = graph.info(x)
      const [at] = axesOf(dim, shape.length + 1)
      return [reshape(graph, x, [...shape.slice(0, at), 1, ...shape.slice(at)])]
    },
  },
  Transpose: {
    inputs: ['x'],
    record(graph, [x], attributes) {
      const perm = attributes.perm as number[]
      const { shape, dtype } = graph.info(x)
      return [
        graph.one('Transpose', [x], { perm: [...perm] }, { shape: perm.map(axis => shape[axis]), dtype }),
      ]
    },
  },
  Slice: {
    inputs: ['x'],
    record: (graph, [x], { begin, size }) => [
      slice(graph, x, [begin as number | number[]].flat(), [size as number | number[]].flat()),
    ],
  },
  StridedSlice: stridedSlice,
  Concat: { inputs: 'list', record: (graph, list, { axis }) => [concat(graph, list, axis as number)] },
  Pack: {
    inputs: 'list',
    record(graph, list, { axis }) {
      const { shape } = graph.info(list[0])
      const [at] = axesOf(axis, shape.length + 1)
      const expanded = [...shape.slice(0, at), 1, ...shape.slice(at)]
      return [
        concat(
          graph,
          list.map(id => reshape(graph, id, expanded)),
          at,
        ),
      ]
    },
  },
  Unpack: {
    inputs: ['value'],
    record(graph, [x], { axis }) {
      const { shape } = graph.info(x)
      const [at] = axesOf(axis, shape.length)
      const parts = cut(graph, x, at, Array<number>(shape[at]).fill(1))
      return parts.map(part =>
        reshape(
          graph,
          part,
          shape.filter((_, each) => each !== at),
        ),
      )
    },
  },
  SplitV: {
    inputs: ['x'],
    record(graph, [x], { axis, numOrSizeSplits }) {
      const { shape } = graph.info(x)
      const [at] = axesOf(axis, shape.length)
      return cut(graph, x, at, splits(numOrSizeSplits, shape[at]))
    },
  },
  PadV2: {
    inputs: ['x'],
    record(graph, [x], attributes) {
      const paddings = (attributes.paddings as [number, number][]).map(pair => [...pair])
      const { shape, dtype } = graph.info(x)
      const padded = shape.map((size, axis) => size + paddings[axis][0] + paddings[axis][1])
      const value = attributes.constantValue as number
      return [graph.one('PadV2', [x], { paddings, value }, { shape: padded, dtype })]
    },
  },
  MirrorPad: {
    inputs: ['x'],
    record(graph, [x], attributes) {
      const paddings = (attributes.paddings as [number, number][]).map(pair => [...pair])
      const { shape, dtype } = graph.info(x)
      const padded = shape.map((size, axis) => size + paddings[axis][0] + paddings[axis][1])
      return [
        graph.one('MirrorPad', [x], { paddings, mode: attributes.mode as string }, { shape: padded, dtype }),
      ]
    },
  },
  // tf.broadcastTo arrives as a Tile as well.
  Tile: {
    inputs: ['x'],
    record(graph, [x], attributes) {
      const reps = [...(attributes.reps as number[])]
      const { shape, dtype } = graph.info(x)
      const isBroadcast = reps.every((count, axis) => count === 1 || shape[axis] === 1)
      const tiled = { shape: shape.map((size, axis) => size * reps[axis]), dtype }
      return [
        isBroadcast ? graph.one('BroadcastTo', [x], {}, tiled) : graph.one('Tile', [x], { reps }, tiled),
      ]
    },
  },
  BroadcastTo: {
    inputs: ['x'],
    record: (graph, [x], { shape }) => [
      graph.one('BroadcastTo', [x], {}, { shape: shape as number[], dtype: graph.info(x).dtype }),
    ],
  },
  Reverse: {
    inputs: ['x'],
    record(graph, [x], { dims }) {
      const info = graph.info(x)
      return [graph.one('Reverse', [x], { axes: axesOf(dims, info.shape.length) }, info)]
    },
  },
}
