// What a pretraining run learns from: volumes that are opened when they are needed, and phantoms that are painted crop by
// crop. Neither is ever held as a whole cohort.
import { InputError } from '../../base/errors.ts'
import { voxelCount, type Triple } from '../../base/shape.ts'
import { sha256 } from '../../network/sha256.ts'
import { planPhantom, type PhantomPlan } from '../../phantom/anatomy.ts'
import { phantomVersion } from '../../phantom/phantom.ts'
import type { Point } from '../../phantom/primitives.ts'
import type { Random } from '../../phantom/random.ts'
import { phantomBenchV1, seedsOf } from '../../phantom/split.ts'
import { cropAt } from '../../tokens/crops.ts'
import { voxelToRasMm } from '../../volume/geometry.ts'
import type { Volume } from '../../volume/volume.ts'
import { cropPhantom, type Split } from '../phantomCrops.ts'

/** A case that is open. */
export interface OpenCase {
  /** By its content: SHA-256 of grid and HU, or version and seed of a phantom. Two cases of one content have one identity. */
  readonly identity: string
  readonly synthetic: boolean
  /** Memory that it takes while it is open. */
  readonly bytes: number
  /** HU [D,H,W] of a box of `shape` voxels of `spacingMm` at a place drawn from `random`. */
  crop(shape: Triple, spacingMm: Triple, random: Random): Float32Array
}

/** A cohort: cases by number, each opened on demand. */
export interface CaseSource {
  readonly count: number
  /** Memory that the largest of them takes while it is open. */
  readonly largestBytes: number
  /** The same number gives the same case. @throws InputError for a case that no crop can be taken from. */
  open(index: number): Promise<OpenCase>
}

/** Voxels and their spacing, (D,H,W): of a crop without its border, or of a volume that it must fit into. */
export interface CropExtent {
  readonly shape: Triple
  readonly spacingMm: Triple
}

// Voxels below this are air outside the body; a crop of little else teaches nothing.
const airBelowHu = -950
const largestAirShare = 0.5
const attempts = 8

function airShare(hu: Float32Array): number {
  let air = 0
  for (const value of hu) if (value < airBelowHu) air++
  return air / hu.length
}

/** The first crop that is not mostly air outside the body, or the last that was tried. */
function drawUntilBody(draw: () => Float32Array): Float32Array {
  let crop = draw()
  for (let attempt = 1; attempt < attempts && airShare(crop) > largestAirShare; attempt++) crop = draw()
  return crop
}

/** @throws InputError when a volume has no usable spacing or is smaller than a crop. */
export function requireRoom({ shape, spacingMm }: CropExtent, extent: CropExtent, name: string): void {
  if (!spacingMm.every(mm => Number.isFinite(mm) && mm > 0))
    throw new InputError(
      `${name} does not say its spacing (${spacingMm.join(' × ')} mm), so no crop of a known size can be cut; use a volume with its spacing, or leave it out.`,
    )
  const sides = shape.map((side, axis) => side * spacingMm[axis])
  const needed = extent.shape.map((side, axis) => side * extent.spacingMm[axis])
  // A hair of tolerance: 0.1 mm is less than any voxel.
  if (sides.some((side, axis) => side < needed[axis] - 0.1))
    throw new InputError(
      `${name} measures ${sides.map(mm => mm.toFixed(0)).join(' × ')} mm, less than a crop of ${needed.map(mm => mm.toFixed(0)).join(' × ')} mm; choose a smaller crop or spacing, or leave it out.`,
    )
}

/** A place for a crop's middle at which the crop (border excluded) lies inside the volume. */
function randomCentre({ shape, spacingMm, affine }: Volume, extent: CropExtent, random: Random): Point {
  const voxel = shape.map((side, axis) => {
    const half = (extent.shape[axis] * extent.spacingMm[axis]) / spacingMm[axis] / 2
    const [low, high] = [half - 0.5, side - half - 0.5]
    return low < high ? random.uniform(low, high) : (side - 1) / 2
  })
  return voxelToRasMm(affine, voxel as unknown as Triple)
}

/** What a volume is known by: SHA-256 of its grid and HU. */
export async function volumeIdentity({ shape, spacingMm, hu }: Volume): Promise<string> {
  const grid = new TextEncoder().encode(JSON.stringify({ shape, spacingMm }))
  const bytes = new Uint8Array(grid.length + hu.byteLength)
  bytes.set(grid)
  bytes.set(new Uint8Array(hu.buffer, hu.byteOffset, hu.byteLength), grid.length)
  return `sha256:${await sha256(bytes)}`
}

/** An open volume as a case; `name` is how errors call it. @throws InputError as `requireRoom`. */
export async function volumeCase(
  volume: Volume,
  extent: CropExtent,
  { name, synthetic }: { readonly name: string; readonly synthetic: boolean },
): Promise<OpenCase> {
  requireRoom(volume, extent, name)
  return {
    identity: await volumeIdentity(volume),
    synthetic,
    bytes: volume.hu.byteLength,
    crop(shape, spacingMm, random) {
      return drawUntilBody(() => cropAt(volume, randomCentre(volume, extent, random), shape, spacingMm))
    },
  }
}

/** What a plan takes, roughly: its trees and tables. */
const planBytes = 3_000_000

function lungPoint(plan: PhantomPlan, random: Random): Point {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const point = plan.lungs.randomPoint(random)
    if (plan.lungs.distance(...point) < 4) return point
  }
  return plan.lungs.randomPoint(random)
}

/** Anywhere in the scanned box. */
const scanPoint = ({ lowRasMm: low, highRasMm: high }: PhantomPlan, random: Random): Point => [
  random.uniform(low[0], high[0]),
  random.uniform(low[1], high[1]),
  random.uniform(low[2], high[2]),
]

/** Share of a phantom's crops that lie in the lungs, where nodules are. */
const lungShare = 0.5

/**
 * The phantoms of a split, by seed. Crops lie in the lungs or up to 4 mm outside, or, where they are taken from the
 * `chest`, half of them there and half anywhere in the scan, with the same rule on air as volumes.
 */
export function phantomSource(split: Split, from: 'chest' | 'lungs' = 'chest'): CaseSource {
  const seeds = seedsOf(phantomBenchV1[split])
  return {
    count: seeds.length,
    largestBytes: planBytes,
    open(index) {
      const plan = planPhantom(seeds[index])
      return Promise.resolve({
        identity: `${phantomVersion}:${seeds[index]}`,
        synthetic: true,
        bytes: planBytes,
        crop(shape, spacingMm, random) {
          const cut = (centre: Point) => cropPhantom(plan, centre, shape, spacingMm).hu
          if (from === 'lungs' || random.uniform(0, 1) < lungShare) return cut(lungPoint(plan, random))
          return drawUntilBody(() => cut(scanPoint(plan, random)))
        },
      })
    },
  }
}

/** Several cohorts as one. */
export function joinSources(sources: readonly CaseSource[]): CaseSource {
  return {
    count: sources.reduce((sum, source) => sum + source.count, 0),
    largestBytes: Math.max(...sources.map(source => source.largestBytes)),
    open(index) {
      let rest = index
      for (const source of sources) {
        if (rest < source.count) return source.open(rest)
        rest -= source.count
      }
      throw new Error(`joinSources: there is no case ${index}.`)
    },
  }
}

/** Bytes of a crop as it waits in the bank. */
export function cropBytes(shape: Triple): number {
  return voxelCount(shape) * Float32Array.BYTES_PER_ELEMENT
}
