// Semantic attention of a crop (SPEC section 3): what CLS attends to in the last block, head by head, on a clean image or
// behind the teacher's patch dropout.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { drawKeepPattern } from '../kernels/keepPattern.ts'
import type { NetworkConfig } from '../network/config.ts'
import { encode, stageGrid } from '../network/encoder.ts'
import type { NetworkTask } from '../network/model.ts'
import { semanticAttention } from '../network/semanticAttention.ts'
import type { LabModel, Role } from './labModel.ts'
import { requireEntry } from './labModel.ts'
import type { LabProgram } from './steadyProgram.ts'

/** Patch dropout as the teacher knows it: which seed, and how much of the patch tokens falls, [0, 1). */
export interface Dropout {
  readonly seed: number
  readonly ratio: number
}

export interface AttentionQuery {
  readonly task: NetworkTask
  readonly role: Role
  /** Undefined: a clean image. */
  readonly dropout: Dropout | undefined
}

export interface AttentionMaps {
  /** Stage-3 tokens. */
  readonly grid: Triple
  readonly heads: number
  /** Attention from CLS to each token, after softmax. [heads, N]; a row sums to less than 1, the rest is CLS itself. */
  readonly byHead: Float32Array
  /** Mean over heads. [N] */
  readonly satt: Float32Array
  /** Patch tokens: 1 kept, 0 dropped; undefined on a clean image. [patchGrid] */
  readonly keep: Float32Array | undefined
  readonly patchGrid: Triple
  /** Where it was computed, for people. */
  readonly device: string
  readonly notices: readonly string[]
}

/** Sides of crops are multiples of this, so that tokens tile them exactly (SPEC 2). */
export const cropStep = 8

/**
 * Attention over a normalised crop [D,H,W] of `shape`.
 * @throws InputError when the shape does not fit or the model has no such network.
 */
export function attend(
  model: LabModel,
  image: Float32Array,
  shape: Triple,
  { task, role, dropout }: AttentionQuery,
): Promise<AttentionMaps> {
  const patches = voxelCount(stageGrid(shape, 0) as unknown as Triple)
  const keep = dropout && drawKeepPattern(dropout.seed, 0, 1, patches, dropout.ratio)
  return attendBehind(model, image, shape, { task, role, keep })
}

/** From a normalised crop (image) and what is kept of its patches (keep) to what CLS attends to: fromCls [h, 1+N], satt [N]. */
export function attentionProgram(
  config: NetworkConfig,
  parameters: LabProgram['parameters'],
  shape: Triple,
): LabProgram {
  return {
    inputs: {
      image: { shape: [1, ...shape, 1], dtype: 'float32' },
      keep: { shape: [1, ...stageGrid(shape, 0)], dtype: 'float32' },
    },
    parameters,
    compute({ image, keep }, p) {
      const { feat } = encode(p, image, config, { keep })
      const { fromCls, satt } = semanticAttention(p, feat[2], config)
      return { fromCls, satt }
    },
  }
}

/** The same behind a given keep pattern over the patch grid, 1 = kept; undefined: all are kept. */
export async function attendBehind(
  model: LabModel,
  image: Float32Array,
  shape: Triple,
  { task, role, keep }: Pick<AttentionQuery, 'task' | 'role'> & { readonly keep: Float32Array | undefined },
): Promise<AttentionMaps> {
  const { config } = requireEntry(model, task)
  if (shape.some(side => side % cropStep !== 0))
    throw new InputError(
      `A region of ${shape.join(' × ')} voxels came, but sides that are multiples of ${cropStep} are expected; choose another size.`,
    )
  const grid = stageGrid(shape, 2) as unknown as Triple
  const patchGrid = stageGrid(shape, 0) as unknown as Triple
  const program = await model.program(`attend ${task} ${role} ${shape.join('×')}`, () =>
    attentionProgram(config, model.parameters(task, role), shape),
  )
  // A pattern of ones changes nothing, so that clean and noisy images share one program.
  const results = await program.run({ image, keep: keep ?? new Float32Array(voxelCount(patchGrid)).fill(1) })
  const tokens = voxelCount(grid)
  const heads = config.heads[2]
  const rows = results.fromCls.data as Float32Array // [heads, 1 + N]
  const byHead = new Float32Array(heads * tokens)
  for (let head = 0; head < heads; head++)
    byHead.set(rows.subarray(head * (tokens + 1) + 1, (head + 1) * (tokens + 1)), head * tokens)
  const satt = Float32Array.from(results.satt.data)
  return {
    ...{ grid, heads, byHead, satt, keep, patchGrid },
    ...{ device: program.label, notices: program.notices },
  }
}
