// Index arithmetic of shifted windows: which token stands where after padding, roll and partition, which regions must
// not see each other, and which entry of the bias table belongs to a pair. Plain numbers, no tensors.
// d h w token grid; window sides wd wh ww, T = wd·wh·ww tokens a window, nW windows; N = d·h·w tokens.
import type { Triple } from '../base/shape.ts'
import type { KernelAttributes } from './gpuKernel.ts'

export interface WindowAttributes {
  readonly heads: number
  /** The layer's window side; the bias table has (2·window − 1)³ rows. */
  readonly window: number
  /** 0 or the roll of shifted blocks (window / 2). */
  readonly shift: number
  /** "shrink" (MONAI): on an axis no longer than the window, window = axis and shift = 0. */
  readonly mode: 'fixed' | 'shrink'
  /** "smit" reverses windows in the public SMIT code's order, which is not the inverse (SPEC 2.1). */
  readonly reverse: 'exact' | 'smit'
}

/** The attributes as a kernel call carries them. */
export function readWindowAttributes(attributes: KernelAttributes): WindowAttributes {
  return attributes as unknown as WindowAttributes
}

/** Sizes of a window layout. */
export interface WindowSizes {
  readonly window: Triple
  readonly shift: Triple
  /** Windows along each axis. */
  readonly counts: Triple
  readonly windows: number
  /** T, tokens of a window. */
  readonly tokens: number
}

export interface WindowLayout extends WindowSizes {
  /** [nW·T]: token of each window slot, N where it is padding. */
  readonly tokenOfSlot: Int32Array
  /** [nW·T]: region label of each slot on the rolled grid; attention crosses no region. */
  readonly regionOfSlot: Int32Array
  /** [N]: window slot whose result each token receives. */
  readonly slotOfToken: Int32Array
}

/** Output shape [B,d,h,w,C]. @throws Error in a sentence when the inputs do not fit each other. */
export function windowAttentionShape(
  qkv: readonly number[],
  qkvBias: readonly number[],
  biasTable: readonly number[],
  { heads, window }: WindowAttributes,
): number[] {
  const [B, d, h, w, C3] = qkv
  const refuse = (what: string, expected: string, got: readonly number[]): never => {
    throw new Error(`windowAttention: expected ${what} of shape ${expected}, got [${got.join(', ')}]`)
  }
  if (qkv.length !== 5 || C3 % (3 * heads) !== 0) refuse('qkv', `[B, d, h, w, 3·${heads}·e]`, qkv)
  if (qkvBias.length !== 1 || qkvBias[0] !== C3) refuse('qkvBias', `[${C3}]`, qkvBias)
  const rows = (2 * window - 1) ** 3
  if (biasTable.length !== 2 || biasTable[0] !== rows || biasTable[1] !== heads)
    refuse('biasTable', `[${rows}, ${heads}]`, biasTable)
  return [B, d, h, w, C3 / 3]
}

/** Sizes of the windows over a token grid (d, h, w). */
export function measureWindows(grid: Triple, attributes: WindowAttributes): WindowSizes {
  const shrinks = grid.map(size => attributes.mode === 'shrink' && size <= attributes.window)
  const window = grid.map((size, axis) => (shrinks[axis] ? size : attributes.window)) as unknown as Triple
  const shift = shrinks.map(shrunk => (shrunk ? 0 : attributes.shift)) as unknown as Triple
  const counts = grid.map((size, axis) => Math.ceil(size / window[axis])) as unknown as Triple
  return {
    window,
    shift,
    counts,
    windows: counts[0] * counts[1] * counts[2],
    tokens: window[0] * window[1] * window[2],
  }
}

/** Layout of windows over a token grid (d, h, w). */
export function layoutWindows(grid: Triple, attributes: WindowAttributes): WindowLayout {
  const sizes = measureWindows(grid, attributes)
  const { window, shift, counts, windows, tokens } = sizes
  const padded = counts.map((count, axis) => count * window[axis]) as unknown as Triple
  const tokenOfSlot = new Int32Array(windows * tokens)
  const regionOfSlot = new Int32Array(windows * tokens)
  const slotAt = new Int32Array(windows * tokens) // by position on the padded, rolled grid after window reverse
  const missing = grid[0] * grid[1] * grid[2]
  let slot = 0
  forEachCell(counts, (x, y, z) =>
    forEachCell(window, (a, b, c) => {
      const rolled: Triple = [x * window[0] + a, y * window[1] + b, z * window[2] + c]
      const source = rolled.map((p, axis) => (p + shift[axis]) % padded[axis]) as unknown as Triple
      const isToken = source.every((p, axis) => p < grid[axis])
      tokenOfSlot[slot] = isToken ? flatten(source, grid) : missing
      regionOfSlot[slot] = rolled.reduce(
        (label, p, axis) => 3 * label + regionOf(p, padded[axis], window[axis], shift[axis]),
        0,
      )
      const place =
        attributes.reverse === 'exact'
          ? flatten(rolled, padded)
          : ((((x * counts[2] + z) * window[1] + b) * counts[1] + y) * window[0] + a) * window[2] + c
      slotAt[place] = slot++
    }),
  )
  const slotOfToken = new Int32Array(missing)
  forEachCell(grid, (i, j, k) => {
    const rolled = [i, j, k].map((p, axis) => (p - shift[axis] + padded[axis]) % padded[axis])
    slotOfToken[flatten([i, j, k], grid)] = slotAt[flatten(rolled as unknown as Triple, padded)]
  })
  return {
    ...sizes,
    tokenOfSlot,
    regionOfSlot,
    slotOfToken,
  }
}

/** Window slot where each of `count` tokens stands, [N]: the inverse of `tokenOfSlot`, whatever order windows are reversed in. */
export function slotsOfTokens({ tokenOfSlot }: WindowLayout, count: number): Int32Array {
  const slots = new Int32Array(count)
  tokenOfSlot.forEach((token, slot) => {
    if (token < count) slots[token] = slot
  })
  return slots
}

/** Region of position p on a rolled axis of padded size P (SPEC 2.2). */
export function regionOf(p: number, P: number, window: number, shift: number): number {
  if (shift === 0) return 0
  return p < P - window ? 0 : p < P - shift ? 1 : 2
}

/**
 * Bias-table row of each (query, key) pair, [T, T]. In "shrink" mode the first T rows and columns of the FULL window's
 * index are used (a MONAI quirk that its checkpoints rely on).
 */
export function relativePositionIndex(window: number, tokens: number): Int32Array {
  const span = 2 * window - 1
  const place = (t: number): Triple => [
    Math.floor(t / window ** 2),
    Math.floor(t / window) % window,
    t % window,
  ]
  const index = new Int32Array(tokens * tokens)
  for (let query = 0; query < tokens; query++) {
    const [a, b, c] = place(query)
    for (let key = 0; key < tokens; key++) {
      const [i, j, k] = place(key)
      index[query * tokens + key] =
        ((a - i + window - 1) * span + (b - j + window - 1)) * span + (c - k + window - 1)
    }
  }
  return index
}

/** Shift mask [nW, T, T]: −100 where query and key lie in different regions, else 0. */
export function shiftMask({ windows, tokens, regionOfSlot }: WindowLayout): Float32Array {
  const mask = new Float32Array(windows * tokens * tokens)
  for (let window = 0; window < windows; window++)
    for (let query = 0; query < tokens; query++)
      for (let key = 0; key < tokens; key++)
        if (regionOfSlot[window * tokens + query] !== regionOfSlot[window * tokens + key])
          mask[(window * tokens + query) * tokens + key] = -100
  return mask
}

function forEachCell([D, H, W]: Triple, visit: (d: number, h: number, w: number) => void): void {
  for (let d = 0; d < D; d++) for (let h = 0; h < H; h++) for (let w = 0; w < W; w++) visit(d, h, w)
}

function flatten([d, h, w]: Triple, [, H, W]: Triple): number {
  return (d * H + h) * W + w
}
