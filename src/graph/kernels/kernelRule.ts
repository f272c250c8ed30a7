// What a kernel rule is: how one tfjs kernel call is recorded as nodes of the graph. Rules know shapes, never values.
import type { GraphBuilder } from '../builder.ts'
import { broadcastShape } from '../graph.ts'
import type { Dtype, ValueInfo } from '../graph.ts'

/** Attributes as tfjs passes them. */
export type KernelAttributes = Readonly<Record<string, unknown>>

export interface KernelRule {
  /** Names of the kernel's inputs in order; a trailing `?` marks one that may be missing; 'list' is an array of tensors. */
  readonly inputs: readonly string[] | 'list'
  /** Records the call and returns the ids of the kernel's outputs. */
  record(graph: GraphBuilder, inputs: readonly number[], attributes: KernelAttributes): readonly number[]
}

export type KernelRules = Readonly<Record<string, KernelRule>>

/** tfjs's axis argument (number, list or nothing = all) as a sorted list of axes ≥ 0. */
export function axesOf(axis: unknown, rank: number): number[] {
  const list =
    axis === null || axis === undefined ? [...Array(rank).keys()] : [axis as number | number[]].flat()
  const axes = list.map(each => (each < 0 ? each + rank : each))
  return [...new Set(axes)].sort((a, b) => a - b)
}

export function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : shape.filter((_, axis) => !axes.includes(axis))
}

export function reshape(graph: GraphBuilder, id: number, shape: readonly number[]): number {
  return graph.one('Reshape', [id], {}, { shape, dtype: graph.info(id).dtype })
}

export function cast(graph: GraphBuilder, id: number, dtype: Dtype): number {
  const info = graph.info(id)
  return info.dtype === dtype ? id : graph.one('Cast', [id], {}, { shape: info.shape, dtype })
}

/** Records an element-wise node over broadcast inputs. */
export function elementwise(
  graph: GraphBuilder,
  op: string,
  inputs: readonly number[],
  dtype: Dtype,
  attributes: Record<string, number> = {},
): number {
  const shape = broadcastShape(...inputs.map(id => graph.info(id).shape))
  return graph.one(op, inputs, attributes, { shape, dtype })
}

/** A number as a scalar of the type of `like`. */
export function scalarLike(graph: GraphBuilder, value: number, like: ValueInfo): number {
  return graph.fill(value, { shape: [], dtype: like.dtype })
}
