// A crop set as one safetensors file of a run, and what identifies it. Voxels and numbers only.
import { InputError } from '../../base/errors.ts'
import { canonicalJson } from '../../network/model.ts'
import { readSafetensors, writeSafetensors } from '../../network/safetensors.ts'
import { sha256 } from '../../network/sha256.ts'
import type { RunStorage } from '../run/storage.ts'
import type { CropCase, CropSet } from './cropSet.ts'

export const cropSetFile = 'crops.safetensors'
const schemaVersion = '1'

/** What is known of a crop set without its voxels. */
export type CropSetFacts = Omit<CropSet, 'hu' | 'masks'>

export function factsOf({ shape, spacingMm, classes, cases }: CropSet): CropSetFacts {
  return { shape, spacingMm, classes, cases }
}

/** SHA-256 over everything that a run reads of its cases; each case's own identity stands for its voxels. */
export function cropSetIdentity(crops: CropSetFacts): Promise<string> {
  const { shape, spacingMm, classes } = crops
  // JSON leaves out what is undefined: runs that were begun before scans were known go on.
  const cases = crops.cases.map(one => ({ ...one, scan: undefined }))
  return sha256(new TextEncoder().encode(canonicalJson({ shape, spacingMm, classes, cases })))
}

export async function writeCropSet(storage: RunStorage, crops: CropSet): Promise<void> {
  const shape = [crops.cases.length, ...crops.shape]
  const { hu, masks } = crops
  // Half-words and bytes have no place in the checks of weights; here they keep the file small.
  const tensors = {
    hu: { dtype: 'I16' as const, shape, data: hu },
    ...(masks && { masks: { dtype: 'U8' as const, shape, data: masks } }),
  }
  const metadata = {
    schemaVersion,
    notice: 'Research use — not for clinical use',
    facts: JSON.stringify(factsOf(crops)),
  }
  await storage.write(cropSetFile, writeSafetensors(tensors, metadata))
}

function requireFacts(text: string | undefined): CropSetFacts {
  const facts = JSON.parse(text ?? 'null') as Partial<CropSetFacts> | null
  if (!facts || !Array.isArray(facts.cases) || !Array.isArray(facts.classes) || facts.shape?.length !== 3)
    throw new Error('its description is missing')
  return facts as CropSetFacts
}

/** The set that a run keeps; undefined where it keeps none. @throws InputError when the file is damaged. */
export async function readCropSet(storage: RunStorage): Promise<CropSet | undefined> {
  const bytes = await storage.read(cropSetFile)
  if (!bytes) return undefined
  try {
    const { tensors, metadata } = readSafetensors(bytes)
    const facts = requireFacts(metadata.facts)
    const cases: readonly CropCase[] = facts.cases
    const size = cases.length * facts.shape.reduce((product, side) => product * side, 1)
    const hu = tensors.hu?.data
    const masks = tensors.masks?.data ?? null
    if (!(hu instanceof Int16Array) || hu.length !== size)
      throw new Error('its voxels are not as many as its cases')
    if (masks && !(masks instanceof Uint8Array && masks.length === size))
      throw new Error('its masks do not fit')
    return { ...facts, hu, masks: masks as Uint8Array | null }
  } catch (error) {
    throw new InputError(
      `The run's ${cropSetFile} cannot be read; give the labelled data again, or begin a new run.`,
      String(error),
    )
  }
}
