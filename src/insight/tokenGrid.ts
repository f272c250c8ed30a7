// Tokens as a grid in space: where each token's block of voxels lies in the scan, and painting what tokens say back on it.
import type { Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { mapAxes, nearestIndices } from '../prediction/gridMap.ts'
import { rasMmToVoxel, voxelToRasMm, type PointMm } from '../volume/geometry.ts'
import type { LabCrop } from './labCrop.ts'

/** The affine of a grid that begins at voxel `first` of `grid` and goes on by `step` of its voxels (D,H,W). */
function stepped(grid: Grid, first: Triple, step: readonly number[]): number[] {
  const origin = voxelToRasMm(grid.affine, first)
  const affine = [...grid.affine]
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) affine[4 * row + column] *= step[2 - column]
    affine[4 * row + 3] = origin[row]
  }
  return affine
}

/** Voxels along one side of the block that a token of stage `stage` (0-based) covers. */
export const tokenSide = (stage: number): number => 2 ** (stage + 1)

/** The grid of the tokens over an image; a token at the end may cover less than its block. */
export function tokensOver(image: Grid, side: number): Grid {
  const shape = image.shape.map(size => Math.ceil(size / side)) as unknown as Triple
  const spacingMm = image.spacingMm.map(mm => mm * side) as unknown as Triple
  const middle = (side - 1) / 2
  return { shape, spacingMm, affine: stepped(image, [middle, middle, middle], [side, side, side]) }
}

/** The part of a grid of tokens from `low` (inclusive) to `high` (exclusive). */
export function partOf(tokens: Grid, low: Triple, high: Triple): Grid {
  const shape = high.map((end, axis) => end - low[axis]) as unknown as Triple
  return { shape, spacingMm: tokens.spacingMm, affine: stepped(tokens, low, [1, 1, 1]) }
}

/** The crop that a grid of tokens fills evenly, in voxels of which a token has `side` along each side. */
export function cropOver(tokens: Grid, side: number): LabCrop {
  const middle = tokens.shape.map(size => (size - 1) / 2) as unknown as Triple
  return {
    centreRasMm: voxelToRasMm(tokens.affine, middle),
    shape: tokens.shape.map(size => size * side) as unknown as Triple,
    spacingMm: tokens.spacingMm.map(mm => mm / side) as unknown as Triple,
  }
}

/** Token [d,h,w] of a flat index. */
export function tokenAt(index: number, [, h, w]: Triple): Triple {
  return [Math.floor(index / (h * w)), Math.floor(index / w) % h, index % w]
}

/** The token that covers a world position; null outside the grid. */
export function tokenOf(tokens: Grid, pointRasMm: PointMm): Triple | null {
  const token = rasMmToVoxel(tokens.affine, pointRasMm).map(at => Math.round(at) + 0) as unknown as Triple
  return token.every((index, axis) => index >= 0 && index < tokens.shape[axis]) ? token : null
}

/** Calls `visit` for every voxel of `to` that a token covers. Axes of both grids must be parallel. */
export function forEachCovered(tokens: Grid, to: Grid, visit: (voxel: number, token: number) => void): void {
  const map = mapAxes(to, tokens)
  const [ds, hs, ws] = ([0, 1, 2] as const).map(axis => nearestIndices(map, axis, to, tokens))
  const [, H, W] = tokens.shape
  let voxel = 0
  for (const d of ds)
    for (const h of hs) {
      const row = (d * H + h) * W
      const isInside = d >= 0 && h >= 0
      for (const w of ws) {
        if (isInside && w >= 0) visit(voxel, row + w)
        voxel++
      }
    }
}

/** Paints each token's value on its block: bytes on the grid `to` [D,H,W], `outside` where no token is. */
export function paintTokens(values: Uint8Array, tokens: Grid, to: Grid, outside = 0): Uint8Array {
  const painted = new Uint8Array(voxelCount(to.shape)).fill(outside)
  forEachCovered(tokens, to, (voxel, token) => (painted[voxel] = values[token]))
  return painted
}
