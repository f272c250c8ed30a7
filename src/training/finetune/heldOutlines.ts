// What a run's models outlined of cases that they had not seen: one bit a voxel, so that the worst of them can be looked at
// beside their truth long after the model of their fold is gone.
import { readSafetensors, writeSafetensors } from '../../network/safetensors.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import type { RunStorage } from '../run/storage.ts'

/** A held-out case's outline. */
export interface HeldOutline {
  /** Index into the crop set. */
  readonly at: number
  /** Of the network's crop [D,H,W], eight voxels a byte, the first in the lowest bit. */
  readonly bits: Uint8Array<ArrayBuffer>
}

/** `mask`: 1 where the lesion is. */
export function packMask(mask: Uint8Array): Uint8Array<ArrayBuffer> {
  const bits = new Uint8Array(Math.ceil(mask.length / 8))
  mask.forEach((inside, voxel) => (bits[voxel >> 3] |= (inside ? 1 : 0) << (voxel & 7)))
  return bits
}

/** The first `voxels` of packed ones. */
export function unpackMask(bits: Uint8Array, voxels: number): Uint8Array {
  return Uint8Array.from({ length: voxels }, (_, voxel) => (bits[voxel >> 3] >> (voxel & 7)) & 1)
}

const fileOf = (fold: number) => `outlines-${fold}.safetensors`
export const outlinesFileRule = /^outlines-\d+\.safetensors$/

/** Takes the place of what the same fold gave before: a run that goes on ends a fold again as it did. */
export async function writeHeldOutlines(
  storage: RunStorage,
  fold: number,
  outlines: readonly HeldOutline[],
): Promise<void> {
  const tensors = outlines.map(({ at, bits }) => {
    const tensor = { dtype: 'U8' as const, shape: [bits.length], data: bits }
    return [String(at), tensor] as const
  })
  await storage.write(fileOf(fold), writeSafetensors(Object.fromEntries(tensors), { notice: researchNotice }))
}

/** Outlines of all `folds`, as far as the run keeps them. @throws InputError when a file is damaged. */
export async function readHeldOutlines(storage: RunStorage, folds: number): Promise<HeldOutline[]> {
  const outlines: HeldOutline[] = []
  for (let fold = 0; fold < folds; fold++) {
    const bytes = await storage.read(fileOf(fold))
    if (!bytes) continue
    for (const [name, { data }] of Object.entries(readSafetensors(bytes).tensors))
      if (data instanceof Uint8Array) outlines.push({ at: Number(name), bits: Uint8Array.from(data) })
  }
  return outlines
}
