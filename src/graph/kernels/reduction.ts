// Kernels along axes: reductions, softmax, cumulative sums, and the lookups that go by index.
import type { Dtype } from '../graph.ts'
import { axesOf, cast, reducedShape } from './kernelRule.ts'
import type { KernelRule, KernelRules } from './kernelRule.ts'

function reduction(op: string, convert: (dtype: Dtype) => Dtype): KernelRule {
  return {
    inputs: ['x'],
    record(graph, [x], { axis, reductionIndices, keepDims }) {
      const { shape, dtype } = graph.info(x)
      // Max alone calls its axes reductionIndices.
      const axes = axesOf(axis ?? reductionIndices, shape.length)
      const keep = keepDims === true
      const argument = cast(graph, x, convert(dtype))
      return [
        graph.one(
          op,
          [argument],
          { axes, keepDims: keep },
          {
            shape: reducedShape(shape, axes, keep),
            dtype: convert(dtype),
          },
        ),
      ]
    },
  }
}

const notBool = (dtype: Dtype): Dtype => (dtype === 'bool' ? 'int32' : dtype)

function arg(op: string): KernelRule {
  return {
    inputs: ['x'],
    record(graph, [x], { axis }) {
      const { shape } = graph.info(x)
      const [at] = axesOf(axis, shape.length)
      return [graph.one(op, [x], { axis: at }, { shape: reducedShape(shape, [at], false), dtype: 'int32' })]
    },
  }
}

function alongAxis(op: string, name: string): KernelRule {
  return {
    inputs: ['logits'],
    record(graph, [x], attributes) {
      const { shape } = graph.info(x)
      const [axis] = axesOf(attributes[name], shape.length)
      return [graph.one(op, [cast(graph, x, 'float32')], { axis }, { shape, dtype: 'float32' })]
    },
  }
}

const indexing: KernelRules = {
  GatherV2: {
    inputs: ['x', 'indices'],
    record(graph, [x, indices], attributes) {
      const { shape, dtype } = graph.info(x)
      const [axis] = axesOf(attributes.axis, shape.length)
      const batchDims = (attributes.batchDims as number | undefined) ?? 0
      if (batchDims !== 0) throw new Error(`GatherV2 with batchDims ${batchDims} cannot be traced; use 0.`)
      const picked = graph.info(indices).shape
      const result = [...shape.slice(0, axis), ...picked, ...shape.slice(axis + 1)]
      return [graph.one('GatherV2', [x, indices], { axis }, { shape: result, dtype })]
    },
  },
  GatherNd: {
    inputs: ['params', 'indices'],
    record(graph, [params, indices]) {
      const { shape, dtype } = graph.info(params)
      const lookup = graph.info(indices).shape
      const result = [...lookup.slice(0, -1), ...shape.slice(lookup[lookup.length - 1])]
      return [graph.one('GatherNd', [params, indices], {}, { shape: result, dtype })]
    },
  },
  ScatterNd: {
    inputs: ['indices', 'updates'],
    record: (graph, [indices, updates], { shape }) => [
      graph.one(
        'ScatterNd',
        [indices, updates],
        {},
        { shape: shape as number[], dtype: graph.info(updates).dtype },
      ),
    ],
  },
  UnsortedSegmentSum: {
    inputs: ['x', 'segmentIds'],
    record(graph, [x, segmentIds], { numSegments }) {
      const { shape, dtype } = graph.info(x)
      const rest = shape.slice(graph.info(segmentIds).shape.length)
      const result = { shape: [numSegments as number, ...rest], dtype }
      return [graph.one('UnsortedSegmentSum', [x, segmentIds], {}, result)]
    },
  },
  OneHot: {
    inputs: ['indices'],
    record(graph, [indices], { depth, onValue, offValue, dtype }) {
      const shape = [...graph.info(indices).shape, depth as number]
      const values = { onValue: onValue as number, offValue: offValue as number }
      return [
        graph.one('OneHot', [indices], values, { shape, dtype: (dtype as Dtype | undefined) ?? 'float32' }),
      ]
    },
  },
  TopK: {
    inputs: ['x'],
    record(graph, [x], { k, sorted }) {
      const { shape, dtype } = graph.info(x)
      const result = [...shape.slice(0, -1), k as number]
      const outputs = [
        { shape: result, dtype },
        { shape: result, dtype: 'int32' as const },
      ]
      return graph.add('TopK', [x], { sorted: sorted !== false }, outputs)
    },
  },
}

export const reductionRules: KernelRules = {
  Sum: reduction('Sum', notBool),
  Mean: reduction('Mean', () => 'float32'),
  Max: reduction('Max', notBool),
  Min: reduction('Min', notBool),
  Prod: reduction('Prod', notBool),
  All: reduction('All', () => 'bool'),
  Any: reduction('Any', () => 'bool'),
  ArgMax: arg('ArgMax'),
  ArgMin: arg('ArgMin'),
  Softmax: alongAxis('Softmax', 'dim'),
  LogSoftmax: alongAxis('LogSoftmax', 'axis'),
  Cumsum: {
    inputs: ['x'],
    record(graph, [x], { axis, exclusive, reverse }) {
      const info = graph.info(x)
      const [at] = axesOf(axis, info.shape.length)
      const attributes = { axis: at, exclusive: exclusive === true, reverse: reverse === true }
      return [graph.one('Cumsum', [x], attributes, info)]
    },
  },
  ...indexing,
}
