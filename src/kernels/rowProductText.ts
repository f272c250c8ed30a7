// The WGSL text of a product of rows: shaders/rowProduct*.wgsl with what depends on tile and layout written out. Tiles are
// structs of named lanes, not indexed arrays, which compilers that do not unroll keep in memory: several times slower.
import activationText from '../../shaders/lib/activation.wgsl?raw'
import distributionText from '../../shaders/lib/normalCdf.wgsl?raw'
import productText from '../../shaders/lib/rowProduct.wgsl?raw'
import momentsRegistersText from '../../shaders/rowMomentsRegisters.wgsl?raw'
import momentsSharedText from '../../shaders/rowMomentsShared.wgsl?raw'
import registersText from '../../shaders/rowProductRegisters.wgsl?raw'
import sharedText from '../../shaders/rowProductShared.wgsl?raw'
import childrenText from '../../shaders/rowsOfChildren.wgsl?raw'
import voxelsText from '../../shaders/rowsOfVoxels.wgsl?raw'
import plainText from '../../shaders/rowsPlain.wgsl?raw'

export type Activation = 'none' | 'gelu' | 'leakyRelu'
/** A derivative is taken of product + bias and multiplies the residual instead of being added to it. */
export type Epilogue = Activation | 'geluDerivative' | 'leakyReluDerivative'

/** Threads of a workgroup of the register family. */
export const productWorkgroup = 64

/** Shape of the work of a thread, and of a workgroup in the shared family. */
export interface ProductTile {
  readonly rows: number
  /** Lanes of four columns. */
  readonly lanes: number
  /** Of the shared family; undefined in the register family. */
  readonly shared?: { readonly threads: readonly [number, number]; readonly chunk: number }
}

/** All that changes the text, and its cache key. */
export interface ProductVariant {
  readonly tile: ProductTile
  /** What a row of left is; voxels are seen through a filter of `kernel`³ taps. */
  readonly rows: 'plain' | 'voxels' | 'children'
  readonly kernel: number
  readonly sign: 1 | -1
  readonly segments: number
  /** Depth is a multiple of four, and left is read by fours. */
  readonly isDepthByFours: boolean
  /** Right is [segments, columns, depth]. */
  readonly isRightTransposed: boolean
  readonly isColumnsByFours: boolean
  /** Columns are (child, channel) of a grid twice as fine. */
  readonly isScattered: boolean
  readonly isOutputByFours: boolean
  readonly hasBias: boolean
  readonly hasResidual: boolean
  readonly epilogue: Epilogue
  readonly hasMoments: boolean
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const vector = 'vec4<f32>'
const joined = (parts: readonly string[]) => parts.join(', ')
/** Four neighbours of a buffer of single numbers. */
const gather = (buffer: string, at: string) =>
  `${vector}(${joined(range(4).map(i => `${buffer}[${at} + ${i}u]`))})`

/** readLeft() and readRight(): the only places that know how operands are stored. */
function readers(variant: ProductVariant): string {
  const { isDepthByFours, isRightTransposed, isColumnsByFours } = variant
  const step = isDepthByFours ? '4u * step + part' : 'step'
  const row = `(segment * product.depth + ${step})`
  const plain = isColumnsByFours
    ? `return right[base + ${row} * (product.columns / 4u) + column];`
    : `let at = base + ${row} * product.columns + 4u * column;\n  return ${gather('right', 'at')};`
  const column = '(segment * product.columns + 4u * column'
  const transposed = isDepthByFours
    ? `return right[base + ${column} + part) * product.steps + step];`
    : `let at = base + ${column}) * product.steps + step;
  return ${vector}(${joined(range(4).map(i => `right[at + ${i}u * product.steps]`))});`
  return `
fn readLeft(start: u32, step: u32) -> Left {
  return select(Left(), left[start + step${isDepthByFours ? '' : ' * product.leftStep'}], start != NONE);
}
// One of the four k's of a step (one of a lane's four columns where right is transposed).
fn readRight(base: u32, segment: u32, step: u32, part: u32, column: u32) -> ${vector} {
  ${isRightTransposed ? transposed : plain}
}`
}

/** addBias(), complete() and writeLane(). */
function epilogueText(variant: ProductVariant): string {
  const { isColumnsByFours, isOutputByFours, isScattered, hasBias, hasResidual, epilogue } = variant
  const bias = isColumnsByFours ? 'bias[column]' : gather('bias', '4u * column')
  const residual = isOutputByFours
    ? 'residual[outputAt(batch, row, 4u * column) / 4u]'
    : `${vector}(${joined(range(4).map(i => `residual[outputAt(batch, row, 4u * column + ${i}u)]`))})`
  const activated = epilogue === 'none' ? 'z' : `${epilogue}(z)`
  const operator = epilogue.endsWith('Derivative') ? '*' : '+'
  const at = isScattered
    ? `let child = unflatten(column / product.channels, vec3<u32>(2u));
  let voxel = flatten(2u * unflatten(row, product.grid) + child, 2u * product.grid);
  return (batch * 8u * product.rows + voxel) * product.channels + column % product.channels;`
    : 'return (batch * product.rows + row) * product.columns + column;'
  const single = range(4).map(
    i =>
      `  if (4u * column + ${i}u < product.columns) { output[outputAt(batch, row, 4u * column + ${i}u)] = value[${i}]; }`,
  )
  return `${hasBias ? `\n@group(0) @binding(4) var<storage, read> bias: array<${isColumnsByFours ? vector : 'f32'}>; // [columns]` : ''}${
    hasResidual ? `\n@group(0) @binding(5) var<storage, read> residual: array<Out>; // as output` : ''
  }
fn outputAt(batch: u32, row: u32, column: u32) -> u32 {
  ${at}
}
fn addBias(value: ${vector}, column: u32) -> ${vector} { return value${hasBias ? ` + ${bias}` : ''}; }
fn complete(z: ${vector}, batch: u32, row: u32, column: u32) -> ${vector} {
  return ${activated}${hasResidual ? ` ${operator} ${residual}` : ''};
}
fn writeLane(batch: u32, row: u32, column: u32, value: ${vector}) {
${isOutputByFours ? '  output[outputAt(batch, row, 4u * column) / 4u] = value;' : single.join('\n')}
}`
}

/** Tile, Places and Starts, and what is done with them row by row and lane by lane. */
function tileText({ tile, isDepthByFours, isRightTransposed }: ProductVariant): string {
  const { rows, lanes, shared } = tile
  const each = range(rows)
  const cells = each.flatMap(r => range(lanes).map(c => ({ r, c, name: `r${r}c${c}` })))
  const members = (type: string) => joined(each.map(r => `r${r}: ${type}`))
  const [laneStride, rowStride] = shared?.threads ?? [1, 1]
  // A step of four k's is a 4×4 matrix: its columns are rows of right, or its columns columns of right.
  const product = (r: number, c: number) => (isRightTransposed ? `a${r} * b${c}` : `b${c} * a${r}`)
  const sums = joined(cells.map(({ r, c, name }) => `tile.${name} + ${product(r, c)}`))
  const scalars = joined(cells.map(({ r, c, name }) => `tile.${name} + b${c} * a${r}`))
  const matrix = (part: (i: number) => string) => `mat4x4<f32>(${joined(range(4).map(part))})`
  const read = (c: number, part: number) => `readRight(base, segment, step, ${part}u, column + ${c}u)`
  const add = `
fn addStep(tile: Tile, starts: Starts, base: u32, segment: u32, step: u32, column: u32) -> Tile {
${each.map(r => `  let a${r} = readLeft(starts.r${r}, step);`).join('\n')}
${range(lanes)
  .map(c => `  let b${c} = ${isDepthByFours ? matrix(part => read(c, part)) : read(c, 0)};`)
  .join('\n')}
  return Tile(${isDepthByFours ? sums : scalars});
}`
  const addShared = `
fn addShared(tile: Tile, step: u32, x: u32, y: u32) -> Tile {
${each.map(r => `  let a${r} = leftTile[(y + ${r * rowStride}u) * CHUNK + step];`).join('\n')}
${range(lanes)
  .map(c => {
    const at = (part: number) => `rightTile[(4u * step + ${part}u) * TILE_LANES + x + ${c * laneStride}u]`
    return `  let b${c} = ${matrix(at)};`
  })
  .join('\n')}
  return Tile(${sums});
}`
  const openings = `
struct Places { ${members('Place')} }
struct Starts { ${members('u32')} }
fn openPlaces(batch: u32, row: u32) -> Places {
  return Places(${joined(each.map(r => `openPlace(batch, row + ${r}u)`))});
}
fn openStarts(places: Places, segment: Segment) -> Starts {
  return Starts(${joined(each.map(r => `startOf(places.r${r}, segment)`))});
}
fn isAllOutside(starts: Starts) -> bool { return (${each.map(r => `starts.r${r}`).join(' & ')}) == NONE; }`
  return `
struct Tile { ${joined(cells.map(({ name }) => `${name}: ${vector}`))} }
${shared ? addShared : openings + add}
fn finishTile(tile: Tile, batch: u32, row: u32, column: u32) -> Tile {
  return Tile(${joined(
    cells.map(
      ({ r, c, name }) => `finish(batch, row + ${r * rowStride}u, column + ${c * laneStride}u, tile.${name})`,
    ),
  )});
}`
}

/** Sums of a tile's lanes over its rows, and keepMoments(), which does nothing where no statistics are asked for. */
function momentsText({ tile, hasMoments }: ProductVariant): string {
  if (!hasMoments) return '\nfn keepMoments(tile: Tile, share: Share, firstRow: u32, column: u32) {}\n'
  const { rows, lanes, shared } = tile
  const [laneStride, rowStride] = shared?.threads ?? [1, 1]
  const each = range(lanes)
  const build = (member: (c: number) => string) => `Lanes(${joined(each.map(member))})`
  const squares = (r: number, c: number) =>
    `squareInside(tile.r${r}c${c} - means.c${c}, row + ${r * rowStride}u)`
  return `
struct Lanes { ${joined(each.map(c => `c${c}: ${vector}`))} }
fn addLanes(a: Lanes, b: Lanes) -> Lanes { return ${build(c => `a.c${c} + b.c${c}`)}; }
fn scaleLanes(a: Lanes, by: f32) -> Lanes { return ${build(c => `a.c${c} * by`)}; }
fn squareInside(x: ${vector}, row: u32) -> ${vector} { return select(${vector}(), x * x, row < product.rows); }
// Rows outside are zero already.
fn sumLanes(tile: Tile, row: u32) -> Lanes {
  return ${build(c =>
    range(rows)
      .map(r => `tile.r${r}c${c}`)
      .join(' + '),
  )};
}
fn sumSquares(tile: Tile, row: u32, means: Lanes) -> Lanes {
  return ${build(c =>
    range(rows)
      .map(r => squares(r, c))
      .join(' + '),
  )};
}
fn writeMoments(share: Share, column: u32, means: Lanes, squares: Lanes) {
  let lanes = (product.columns + 3u) / 4u;
  let start = (share.batch * product.tiles + share.tile) * lanes;
${each
  .map(c => {
    const lane = `column + ${c * laneStride}u`
    const at = `2u * (start + ${lane})`
    return `  if (${lane} < lanes) { moments[${at}] = means.c${c}; moments[${at} + 1u] = squares.c${c}; }`
  })
  .join('\n')}
}
${shared ? momentsSharedText : momentsRegistersText}`
}

const rowsText = { plain: plainText, voxels: voxelsText, children: childrenText }

/** The text of a variant. */
export function rowProductText(variant: ProductVariant): string {
  const { tile, rows, kernel, sign, segments, isDepthByFours, isRightTransposed, isColumnsByFours } = variant
  const isRightByFours = isRightTransposed ? isDepthByFours : isColumnsByFours
  const type = (isByFours: boolean) => (isByFours ? vector : 'f32')
  const shared = tile.shared
    ? `const THREADS_X = ${tile.shared.threads[0]}u;
const THREADS_Y = ${tile.shared.threads[1]}u;
const CHUNK = ${tile.shared.chunk}u;
const IS_RIGHT_TRANSPOSED = ${isRightTransposed};`
    : `const WORKGROUP = ${productWorkgroup}u;`
  return `
alias Left = ${type(isDepthByFours)};
alias Right = ${type(isRightByFours)};
alias Out = ${type(variant.isOutputByFours)};
const SEGMENTS = ${segments}u;
const KERNEL = ${kernel}u;
const SIGN = ${sign};
const ROWS = ${tile.rows}u;
const COLUMN_LANES = ${tile.lanes}u;
${shared}
${variant.epilogue === 'none' ? '' : `alias Lane = vec4<f32>;\n${distributionText}${activationText}`}
${productText}
${rowsText[rows]}${readers(variant)}
${epilogueText(variant)}
${tileText(variant)}
${momentsText(variant)}
${tile.shared ? sharedText : registersText}`
}
