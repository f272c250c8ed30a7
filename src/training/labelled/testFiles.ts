// Small labelled files for the tests of this folder: cubes of noise with balls in them, and the way in.
import { InputError } from '../../base/errors.ts'
import type { Triple } from '../../base/shape.ts'
import { everyVoxel, memoryFile, seededRandom } from '../../volume/testScans.ts'
import { makeNifti } from '../../volume/testNifti.ts'
import type { ScanFile } from '../../volume/volume.ts'
import type { CohortOptions, LabelledCohort } from './cohort.ts'
import { openLabelledCohort } from './openCohort.ts'

export interface CubeFields {
  readonly shape?: Triple
  /** (D,H,W), mm. */
  readonly spacingMm?: Triple
  /** RAS mm of the first voxel. */
  readonly originMm?: readonly [number, number, number]
}

export const cubeShape: Triple = [12, 14, 16]

function nifti(values: readonly number[], fields: CubeFields, datatype: 'int16' | 'uint8'): Uint8Array {
  const { shape = cubeShape, spacingMm: [d, h, w] = [1, 1, 1], originMm: [x, y, z] = [0, 0, 0] } = fields
  return makeNifti({ shape, values, datatype, sform: [w, 0, 0, x, 0, h, 0, y, 0, 0, d, z] })
}

/** Noise of a seed, so that no two cubes are copies. */
export function cube(path: string, seed: number, fields: CubeFields = {}): ScanFile {
  const random = seededRandom(seed)
  const values = everyVoxel(fields.shape ?? cubeShape).map(() => Math.round(-900 + 900 * random()))
  return memoryFile(path, nifti(values, fields, 'int16'))
}

export interface Ball {
  readonly at: Triple
  readonly radius: number
  readonly value?: number
}

/** Balls in voxels. */
export function mask(path: string, balls: readonly Ball[], fields: CubeFields = {}): ScanFile {
  const values = everyVoxel(fields.shape ?? cubeShape).map(voxel => {
    const inside = balls.find(
      ({ at, radius }) => Math.hypot(...voxel.map((value, axis) => value - at[axis])) <= radius,
    )
    return inside ? (inside.value ?? 1) : 0
  })
  return memoryFile(path, nifti(values, fields, 'uint8'))
}

export function text(path: string, content: string): ScanFile {
  return memoryFile(path, new TextEncoder().encode(content))
}

export const smallBall: Ball = { at: [6, 7, 8], radius: 2 }

/** A cube and its mask with a ball of radius 2. */
export function pair(name: string, seed: number, balls: readonly Ball[] = [smallBall]): ScanFile[] {
  return [cube(`${name}.nii`, seed), mask(`${name}_mask.nii`, balls)]
}

/** The sentence with which the files are refused as a whole. */
export async function refusal(files: readonly ScanFile[], options?: CohortOptions): Promise<string> {
  try {
    await openLabelledCohort(files, options)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  throw new Error('expected an InputError, but the cohort was opened')
}

export function ids({ cases }: LabelledCohort): string[] {
  return cases.map(({ id }) => id)
}

export function labels({ cases }: LabelledCohort): (number | null)[] {
  return cases.map(({ label }) => label)
}

export function whyNot({ leftOut }: LabelledCohort, id: string): string {
  return leftOut.find(one => one.id === id)?.why ?? `${id} was not left out`
}
