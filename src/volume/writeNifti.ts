// Writes NIfTI-1 (.nii.gz) on the file's own grid, so that what is written lies on what was read, voxel by voxel.
import { gzipSync } from 'fflate'
import type { Grid, Triple } from '../base/shape.ts'
import { sameShape, voxelCount } from '../base/shape.ts'
import type { FileGrid } from './volume.ts'

export type NiftiData = Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array

export interface NiftiOptions {
  /** Up to 79 ASCII characters; no patient data. */
  readonly description?: string
  /** Stored value × slope + intercept is the real value. */
  readonly slope?: number
  readonly intercept?: number
}

const headerBytes = 352

function datatypeOf(data: NiftiData): [code: number, bits: number] {
  if (data instanceof Uint8Array) return [2, 8]
  if (data instanceof Int16Array) return [4, 16]
  if (data instanceof Uint16Array) return [512, 16]
  if (data instanceof Int32Array) return [8, 32]
  return [16, 32]
}

/**
 * A gzipped NIfTI-1 file of `data` [D,H,W] with the grid's affine as sform (code 1, scanner).
 * @throws Error when data and grid differ in size.
 */
export function writeNifti(data: NiftiData, grid: Grid, options: NiftiOptions = {}): Uint8Array {
  const [D, H, W] = grid.shape
  if (data.length !== voxelCount(grid.shape))
    throw new Error(
      `writeNifti: expected ${D * H * W} voxels for ${grid.shape.join(' × ')}, got ${data.length}`,
    )
  const bytes = new Uint8Array(headerBytes + data.byteLength)
  const view = new DataView(bytes.buffer)
  const [datatype, bits] = datatypeOf(data)
  view.setInt32(0, 348, true)
  ;[3, W, H, D, 1, 1, 1, 1].forEach((size, i) => view.setInt16(40 + 2 * i, size, true))
  view.setInt16(70, datatype, true)
  view.setInt16(72, bits, true)
  const [dMm, hMm, wMm] = grid.spacingMm
  ;[1, wMm, hMm, dMm, 0, 0, 0, 0].forEach((mm, i) => view.setFloat32(76 + 4 * i, mm, true))
  view.setFloat32(108, headerBytes, true)
  view.setFloat32(112, options.slope ?? 1, true)
  view.setFloat32(116, options.intercept ?? 0, true)
  view.setUint8(123, 2) // millimetres
  bytes.set(
    new TextEncoder().encode((options.description ?? '').replace(/[^\x20-\x7e]/g, '-')).subarray(0, 79),
    148,
  )
  view.setInt16(254, 1, true) // sform: scanner coordinates; qform stays 0, an oblique or sheared grid fits only here
  grid.affine.slice(0, 12).forEach((value, i) => view.setFloat32(280 + 4 * i, value, true))
  bytes.set([0x6e, 0x2b, 0x31, 0], 344) // "n+1"
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), headerBytes)
  return gzipSync(bytes, { level: 6 })
}

/**
 * Takes data on the memory grid [D,H,W] (RAS order) back to the file's own order of axes.
 * @throws Error when `shape` is not the file's shape with its axes turned.
 */
export function toFileGrid<T extends NiftiData>(data: T, shape: Triple, fileGrid: FileGrid): T {
  const { axes, flips } = fileGrid
  const expected = axes.map(axis => fileGrid.shape[axis])
  if (!sameShape(expected, shape))
    throw new Error(`toFileGrid: expected ${expected.join(' × ')} voxels, got ${shape.join(' × ')}`)
  const fileStrides = [fileGrid.shape[1] * fileGrid.shape[2], fileGrid.shape[2], 1]
  const output = data.slice() as T
  const steps = axes.map((axis, i) => (flips[i] ? -1 : 1) * fileStrides[axis])
  const start = axes.reduce((sum, axis, i) => sum + (flips[i] ? (shape[i] - 1) * fileStrides[axis] : 0), 0)
  let read = 0
  for (let d = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++) {
      let write = start + d * steps[0] + h * steps[1]
      for (let w = 0; w < shape[2]; w++, write += steps[2]) output[write] = data[read++]
    }
  return output
}
