// Which tokens a student does not see: SMART's attention-guided mask (SPEC 4) beside the masks that the papers compare it
// with, at the same count of hidden tokens. Pure index arithmetic: a few hundred tokens take well under a millisecond.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { maskedRanks, rankedTokens, shuffledTokens, tokenKeys } from '../tokens/tokenDraw.ts'
import { MARK } from './painting.ts'

/** SMART; MST, which hides what is attended to least; single tokens by chance; SMIT's cubes; iBOT's blocks. */
export type MaskKind = 'attention' | 'low-attention' | 'random' | 'cube' | 'block'
export const maskKinds: readonly MaskKind[] = ['attention', 'low-attention', 'random', 'cube', 'block']

export interface MaskSettings {
  /** Share of tokens down to whose rank is hidden, r; and of those at the top that stay as hints, s. */
  readonly ratio: number
  readonly hint: number
  /** Of masks that are drawn by chance. */
  readonly seed: number
}

export const defaultMasks: MaskSettings = { ratio: 0.7, hint: 0.1, seed: 1 }

export interface TokenMask {
  /** Codes of `MARK`: masked, hint (attention-guided masks only) or none. [N] */
  readonly codes: Uint8Array
  readonly masked: number
  readonly hints: number
}

/** Tokens that each kind of mask hides at r and s; 0 where r ≤ s leaves none. */
export function maskedCount(N: number, { ratio, hint }: MaskSettings): number {
  const [first, end] = maskedRanks(N, ratio, hint)
  return Math.max(0, end - first)
}

/** Shape of a block of about `tokens` cells: aspect ratios between 3:10 and 10:3 as in iBOT, clipped to the grid. */
function blockShape(tokens: number, grid: Triple, chance: () => number): Triple {
  const stretch = () => Math.exp((2 * chance() - 1) * Math.log(10 / 3) * 0.5)
  const [a, b] = [stretch(), stretch()]
  const side = Math.cbrt(tokens)
  const wanted = [side * a, side * b, side / a / b]
  const clip = (axis: 0 | 1 | 2) => Math.min(grid[axis], Math.max(1, Math.round(wanted[axis])))
  return [clip(0), clip(1), clip(2)]
}

/** What a draw follows from. */
export interface MaskDraw {
  readonly seed: number
  readonly step: number
  readonly sample: number
}

/** Hides the tokens of the box of `shape` at `low`, until `count` are hidden. */
function hideBox(hidden: Set<number>, grid: Triple, low: readonly number[], shape: Triple, count: number) {
  for (let d = low[0]; d < Math.min(grid[0], low[0] + shape[0]); d++)
    for (let h = low[1]; h < Math.min(grid[1], low[1] + shape[1]); h++)
      for (let w = low[2]; w < Math.min(grid[2], low[2] + shape[2]); w++)
        if (hidden.size < count) hidden.add((d * grid[1] + h) * grid[2] + w)
}

/** SMIT hides cubes of 16³ voxels: two stage-3 tokens of 8³ voxels along each side. */
const cubeShape: Triple = [2, 2, 2]

/**
 * The grid is divided into cubes of 2³ tokens, smaller ones where it ends; cubes are hidden in the order of their keys of
 * (seed, step, sample) until `count` tokens are, of the last one only as many as are still missing. SMIT rounds up to
 * whole cubes instead (SPEC 13); here every kind of mask hides the same number.
 */
export function cubeTokens(grid: Triple, count: number, { seed, step, sample }: MaskDraw): Set<number> {
  const [D, H, W] = grid.map((side, axis) => Math.ceil(side / cubeShape[axis]))
  const hidden = new Set<number>()
  for (const cube of shuffledTokens(tokenKeys(seed, step, sample, D * H * W))) {
    const at = [Math.floor(cube / (H * W)), Math.floor(cube / W) % H, cube % W]
    hideBox(
      hidden,
      grid,
      at.map((place, axis) => place * cubeShape[axis]),
      cubeShape,
      count,
    )
  }
  return hidden
}

/**
 * Blocks are laid until `count` of a grid's tokens are hidden; of the last one only as many as are still missing.
 * Sides and places follow from the keys of (seed, step, sample).
 */
export function blockTokens(grid: Triple, count: number, { seed, step, sample }: MaskDraw): Set<number> {
  const keys = tokenKeys(seed, step, sample, 4096)
  let at = 0
  const chance = () => keys[at++ % keys.length] / 2 ** 32
  const hidden = new Set<number>()
  // A block covers a seventh to a half of what is still missing; a handful of tokens at the least.
  while (hidden.size < count) {
    const missing = count - hidden.size
    const size = Math.max(Math.min(missing, 4), missing * (0.15 + 0.35 * chance()))
    const shape = blockShape(size, grid, chance)
    const low = grid.map((side, axis) => Math.floor(chance() * (side - shape[axis] + 1)))
    hideBox(hidden, grid, low, shape, count)
  }
  return hidden
}

/** A map is ranked once; masks at every r and s are slices of that order, which is what keeps sliders fluent. */
const rankings = new WeakMap<Float32Array, readonly number[]>()

function ranking(satt: Float32Array): readonly number[] {
  const known = rankings.get(satt)
  if (known) return known
  const order = rankedTokens(satt)
  rankings.set(satt, order)
  return order
}

/** And so is the last shuffle, which r and s leave as it is. */
let lastShuffle = { seed: NaN, N: 0, order: [] as readonly number[] }

function shuffle(seed: number, N: number): readonly number[] {
  if (lastShuffle.seed !== seed || lastShuffle.N !== N)
    lastShuffle = { seed, N, order: shuffledTokens(tokenKeys(seed, 0, 0, N)) }
  return lastShuffle.order
}

function hiddenTokens(
  kind: MaskKind,
  satt: Float32Array,
  grid: Triple,
  settings: MaskSettings,
): Iterable<number> {
  const N = satt.length
  const [first, end] = maskedRanks(N, settings.ratio, settings.hint)
  const count = Math.max(0, end - first)
  if (kind === 'attention') return ranking(satt).slice(first, Math.max(first, end))
  if (kind === 'low-attention') return ranking(satt).slice(N - count)
  if (kind === 'random') return shuffle(settings.seed, N).slice(0, count)
  const draw = { seed: settings.seed, step: 1, sample: 0 }
  return kind === 'cube' ? cubeTokens(grid, count, draw) : blockTokens(grid, count, draw)
}

/**
 * One mask over the token grid of an attention map, which must not change afterwards; all kinds hide the same number of
 * tokens.
 * @throws InputError when r or s is no share; Error when map and grid differ in size.
 */
export function makeMask(
  kind: MaskKind,
  satt: Float32Array,
  grid: Triple,
  settings: MaskSettings,
): TokenMask {
  const { ratio, hint } = settings
  if (![ratio, hint].every(share => share >= 0 && share <= 1))
    throw new InputError(
      `r = ${ratio} and s = ${hint} came, but shares from 0 to 1 are expected; choose others.`,
    )
  if (satt.length !== voxelCount(grid))
    throw new Error(
      `makeMask: expected ${voxelCount(grid)} tokens for ${grid.join('×')}, got ${satt.length}.`,
    )
  const codes = new Uint8Array(satt.length)
  let masked = 0
  for (const token of hiddenTokens(kind, satt, grid, settings)) {
    codes[token] = MARK.masked
    masked++
  }
  const hints =
    kind === 'attention' && masked > 0 ? ranking(satt).slice(0, maskedRanks(satt.length, ratio, hint)[0]) : []
  for (const token of hints) codes[token] = MARK.hint
  return { codes, masked, hints: hints.length }
}

/** Why a choice of r and s hides nothing, as a sentence; undefined where it hides something. */
export function describeEmptyMask(N: number, settings: MaskSettings): string | undefined {
  if (maskedCount(N, settings) > 0) return undefined
  const { ratio, hint } = settings
  return ratio <= hint
    ? `Nothing is hidden: the hints (s = ${hint}) take all of what would be hidden (r = ${ratio}). Choose r above s.`
    : `Nothing is hidden: r − s of ${N} tokens is less than one token. Choose r further above s.`
}
