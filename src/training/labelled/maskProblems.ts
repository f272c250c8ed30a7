// What can be wrong with a mask, in sentences that name it.
import { InputError } from '../../base/errors.ts'

export function emptyMask(path: string): InputError {
  return new InputError(
    `${path} is empty: it has no voxel above 0. A mask with the lesion in it is expected; draw it again, or leave the case out.`,
  )
}

export function elsewhere(path: string): InputError {
  return new InputError(
    `${path} does not overlap its scan: none of its voxels lies where the scan is. It belongs to another scan, or has lost its orientation; export it again on the scan's grid.`,
  )
}

export function noSuchStructure(path: string, asked: readonly string[], all: readonly string[]): InputError {
  const quoted = (names: readonly string[]) => names.map(name => `“${name}”`)
  return new InputError(
    `${path} has no structure called ${quoted(asked).join(' or ')}; it has ${quoted(all).join(', ')}. Choose among these.`,
  )
}
