// What the student makes of a crop that it sees only in part (SPEC sections 2, 5, 6): masked tokens become the mask token,
// the reconstruction head gives voxels back, and the masked L1 says how far they are off.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { encode, stageGrid } from '../network/encoder.ts'
import { reconstruct } from '../network/heads.ts'
import type { NetworkTask } from '../network/model.ts'
import { taskParts } from '../network/model.ts'
import type { LabModel } from './labModel.ts'
import { requireEntry } from './labModel.ts'

/** A voxel of a crop sees a token of this many voxels a side, a patch token of 2. */
export const tokenVoxels = 8
const patchesPerToken = 4
/** Sides that the reconstruction head takes are multiples of this (SPEC 2). */
export const reconstructionStep = 32

export interface Reconstruction {
  /** In the network's input range. [D,H,W] */
  readonly prediction: Float32Array
  /** Mean absolute error over hidden and over visible voxels, in the network's input range. */
  readonly maskedL1: number
  readonly visibleL1: number
  /** Mean absolute error within each token. [N] */
  readonly tokenL1: Float32Array
  readonly device: string
  readonly notices: readonly string[]
}

/** Repeats each cell of a grid `factor` times along each axis. [d,h,w] → [f·d, f·h, f·w] */
export function expandCells(cells: ArrayLike<number>, grid: Triple, factor: number): Float32Array {
  const [D, H, W] = grid.map(side => side * factor)
  const out = new Float32Array(D * H * W)
  let at = 0
  for (let d = 0; d < D; d++)
    for (let h = 0; h < H; h++) {
      const row = (Math.floor(d / factor) * grid[1] + Math.floor(h / factor)) * grid[2]
      for (let w = 0; w < W; w++) out[at++] = cells[row + Math.floor(w / factor)]
    }
  return out
}

/** Mean |a − b| over each token's voxels. a, b [D,H,W] → [N] */
function errorByToken(a: Float32Array, b: Float32Array, grid: Triple): Float32Array {
  const [D, H, W] = grid.map(side => side * tokenVoxels)
  const sums = new Float64Array(voxelCount(grid))
  let at = 0
  for (let d = 0; d < D; d++)
    for (let h = 0; h < H; h++) {
      const row = (Math.floor(d / tokenVoxels) * grid[1] + Math.floor(h / tokenVoxels)) * grid[2]
      for (let w = 0; w < W; w++, at++) sums[row + Math.floor(w / tokenVoxels)] += Math.abs(a[at] - b[at])
    }
  return Float32Array.from(sums, sum => sum / tokenVoxels ** 3)
}

/** Mean over the tokens that `isIn` picks; NaN where it picks none. */
function meanWhere(values: Float32Array, isIn: (token: number) => boolean): number {
  const picked = Array.from(values).filter((_, token) => isIn(token))
  return picked.reduce((sum, value) => sum + value, 0) / picked.length
}

/**
 * Reconstructs a normalised crop [D,H,W] of `shape` behind `mask` [N] (1 = hidden) of its stage-3 tokens.
 * @throws InputError when the network has no reconstruction head or the crop does not fit it.
 */
export async function reconstructCrop(
  model: LabModel,
  task: NetworkTask,
  image: Float32Array,
  shape: Triple,
  mask: ArrayLike<number>,
): Promise<Reconstruction> {
  const { config } = requireEntry(model, task)
  if (!taskParts[task].recHead)
    throw new InputError(
      `The network '${task}' of “${model.manifest.name}” has no reconstruction head; open a pretraining checkpoint that was published as a model.`,
    )
  if (shape.some(side => side % reconstructionStep !== 0))
    throw new InputError(
      `A region of ${shape.join(' × ')} voxels came, but the reconstruction takes sides that are multiples of ${reconstructionStep}; choose another size.`,
    )
  const grid = stageGrid(shape, 2) as unknown as Triple
  const program = await model.program(`reconstruct ${task} ${shape.join('×')}`, () => ({
    inputs: {
      image: { shape: [1, ...shape, 1], dtype: 'float32' },
      mask: { shape: [1, ...stageGrid(shape, 0)], dtype: 'float32' },
    },
    parameters: model.parameters(task, 'student'),
    compute(fed, parameters) {
      const encoded = encode(parameters, fed.image, config, { mask: fed.mask })
      return { prediction: reconstruct(parameters, fed.image, encoded, config) }
    },
  }))
  const results = await program.run({ image, mask: expandCells(mask, grid, patchesPerToken) })
  const prediction = Float32Array.from(results.prediction.data)
  const tokenL1 = errorByToken(prediction, image, grid)
  return {
    prediction,
    maskedL1: meanWhere(tokenL1, token => mask[token] !== 0),
    visibleL1: meanWhere(tokenL1, token => mask[token] === 0),
    tokenL1,
    device: program.label,
    notices: program.notices,
  }
}
