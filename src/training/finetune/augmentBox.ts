// What a box becomes in a batch: turned, scaled, shifted and mirrored in one trilinear sampling, with errors of
// calibration and noise. A pure function of box, options and random stream, which a preview calls as the run does.
import { InputError } from '../../base/errors.ts'
import type { Triple } from '../../base/shape.ts'
import { voxelCount } from '../../base/shape.ts'
import { cosine, sine } from '../../phantom/mathPortable.ts'
import { Random, streamKey } from '../../phantom/random.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import type { AugmentOptions } from './settings.ts'

export interface LabelledBox {
  /** HU, [D,H,W]. */
  readonly hu: Int16Array
  /** 1 in the lesion, [D,H,W]; null where nothing is known of it. */
  readonly mask: Uint8Array | null
  readonly shape: Triple
}

export interface LabelledCrop {
  /** HU, [D,H,W] of the crop. */
  readonly hu: Float32Array
  readonly mask: Uint8Array | null
}

/** Where a crop's voxels lie in its box: row-major 3×3 from offsets about the crop's middle, and the middle's shift. */
interface Placement {
  readonly matrix: readonly number[]
  readonly shift: readonly number[]
}

const still: Placement = { matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1], shift: [0, 0, 0] }

function multiply(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: 9 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3), at % 3]
    return a[3 * row] * b[column] + a[3 * row + 1] * b[3 + column] + a[3 * row + 2] * b[6 + column]
  })
}

/** Rotation by `angle` (radians) in the plane of two axes. */
function rotation(first: number, second: number, angle: number): number[] {
  const matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1]
  matrix[4 * first] = matrix[4 * second] = cosine(angle)
  matrix[3 * first + second] = -sine(angle)
  matrix[3 * second + first] = sine(angle)
  return matrix
}

function drawPlacement(options: AugmentOptions, random: Random): Placement {
  const angle = () => (random.uniform(-1, 1) * options.rotationDegrees * Math.PI) / 180
  const turned = [rotation(1, 2, angle()), rotation(0, 2, angle()), rotation(0, 1, angle())].reduce(multiply)
  const scale = 1 + random.uniform(-1, 1) * options.scaling
  // A lesion by itself has no upright, so that every axis may be mirrored.
  const signs = [0, 1, 2].map(() => (random.chance(0.5) && options.flip ? -1 : 1))
  const matrix = turned.map((value, at) => (value * signs[at % 3]) / scale)
  const shift = [0, 1, 2].map(() => random.uniform(-1, 1) * options.shiftVoxels)
  return { matrix, shift }
}

/** Calls `take` with each voxel of the crop and its position in the box, (d,h,w) in voxels. */
function eachPosition(
  box: Triple,
  shape: Triple,
  { matrix, shift }: Placement,
  take: (to: number, d: number, h: number, w: number) => void,
): void {
  const middle = box.map((size, axis) => (size - 1) / 2 + shift[axis])
  const half = shape.map(size => (size - 1) / 2)
  let i = 0
  for (let d = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++)
      for (let w = 0; w < shape[2]; w++, i++) {
        const [x, y, z] = [d - half[0], h - half[1], w - half[2]]
        take(
          i,
          middle[0] + matrix[0] * x + matrix[1] * y + matrix[2] * z,
          middle[1] + matrix[3] * x + matrix[4] * y + matrix[5] * z,
          middle[2] + matrix[6] * x + matrix[7] * y + matrix[8] * z,
        )
      }
}

function clamp(position: number, size: number): number {
  return position < 0 ? 0 : position > size - 1 ? size - 1 : position
}

/** Trilinear; beyond the box its outermost voxels go on. */
function sampleHu(hu: Int16Array, [D, H, W]: Triple, d: number, h: number, w: number): number {
  const [z, y, x] = [clamp(d, D), clamp(h, H), clamp(w, W)]
  const [z0, y0, x0] = [Math.floor(z), Math.floor(y), Math.floor(x)]
  const [fz, fy, fx] = [z - z0, y - y0, x - x0]
  const [dz, dy, dx] = [z0 < D - 1 ? H * W : 0, y0 < H - 1 ? W : 0, x0 < W - 1 ? 1 : 0]
  const at = (z0 * H + y0) * W + x0
  const row = (from: number) => hu[from] + fx * (hu[from + dx] - hu[from])
  const plane = (from: number) => row(from) + fy * (row(from + dy) - row(from))
  return plane(at) + fz * (plane(at + dz) - plane(at))
}

function sampleMask(mask: Uint8Array, [D, H, W]: Triple, d: number, h: number, w: number): number {
  const [z, y, x] = [Math.round(d), Math.round(h), Math.round(w)]
  const isInside = z >= 0 && z < D && y >= 0 && y < H && x >= 0 && x < W
  return isInside ? mask[(z * H + y) * W + x] : 0
}

function place(box: LabelledBox, shape: Triple, placement: Placement): LabelledCrop {
  const hu = new Float32Array(voxelCount(shape))
  const mask = box.mask && new Uint8Array(hu.length)
  eachPosition(box.shape, shape, placement, (to, d, h, w) => {
    hu[to] = sampleHu(box.hu, box.shape, d, h, w)
    if (box.mask) mask![to] = sampleMask(box.mask, box.shape, d, h, w)
  })
  return { hu, mask }
}

/** The middle of a box as it is: what a model is judged on. @throws InputError when the box is no even border larger. */
export function centreBox(box: LabelledBox, shape: Triple): LabelledCrop {
  requireBorder(box.shape, shape)
  return place(box, shape, still)
}

/** @throws InputError unless `box` is larger than `shape` by a whole number of voxels on every side, or as large. */
export function requireBorder(box: Triple, shape: Triple): void {
  if (box.every((size, axis) => size >= shape[axis] && (size - shape[axis]) % 2 === 0)) return
  throw new InputError(
    `The boxes have ${box.join(' × ')} voxels and the network takes ${shape.join(' × ')}; boxes of the same size or an even number of voxels larger are expected. Cut the crops again.`,
  )
}

/** One augmented crop of `shape`: the box turned about its middle, HU sampled trilinearly, the mask by nearest voxel. */
export function augmentBox(
  box: LabelledBox,
  shape: Triple,
  options: AugmentOptions,
  random: Random,
): LabelledCrop {
  requireBorder(box.shape, shape)
  const { hu, mask } = place(box, shape, drawPlacement(options, random))
  const gain = 1 + random.uniform(-1, 1) * options.contrast
  const offsetHu = random.uniform(-1, 1) * options.huOffset
  for (let i = 0; i < hu.length; i++) {
    const noise = options.noiseHu > 0 ? random.normal(0, options.noiseHu) : 0
    hu[i] = (hu[i] + 1000) * gain - 1000 + offsetHu + noise
  }
  return { hu, mask }
}

/** One case's box out of a crop set, as a view. */
export function boxOf(crops: CropSet, at: number): LabelledBox {
  const voxels = voxelCount(crops.shape)
  const part = <T extends Int16Array | Uint8Array>(all: T) =>
    all.subarray(at * voxels, (at + 1) * voxels) as T
  const mask = crops.masks && crops.cases[at].hasMask ? part(crops.masks) : null
  return { hu: part(crops.hu), mask, shape: crops.shape }
}

/** Key of the streams that augmentation draws from, apart from those of phantoms. */
const augmentStream = 7100

/**
 * The crop that stands at `position` of pass `pass` of a run of that seed, where case `at` is drawn for it.
 * Shape [D,H,W] = `shape`.
 */
export function augmentedCrop(
  crops: CropSet,
  at: number,
  shape: Triple,
  options: AugmentOptions,
  { seed, pass, position }: { readonly seed: number; readonly pass: number; readonly position: number },
): LabelledCrop {
  const random = new Random(streamKey(seed, augmentStream), streamKey(pass, position))
  return augmentBox(boxOf(crops, at), shape, options, random)
}
