// Real scans beside the checkout; a journey that needs one is skipped by name where it is missing.
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import { readFileSync } from 'node:fs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

export const DATA = path.join(root, '..', 'shared', 'data')
export const LIDC_ZIP = path.join(DATA, 'lidc-idri-0001', 'LIDC-IDRI-0001.zip')
export const IBSI_NIFTI = path.join(DATA, 'ibsi-1-ct', 'image.nii.gz')
export const IBSI_ZIP = path.join(DATA, 'ibsi-1-ct', 'dicom.zip')
export const CHEST_NRRD = path.join(DATA, 'chest-64.nrrd')
export const MHA_LUNG = path.join(DATA, 'mha-lung')
export const DEMO_MODEL = path.join(root, 'public', 'models', 'demo', 'weights.safetensors')

export const isMissing = (file: string): boolean => !existsSync(file)

/** Unpacks a zip to a folder of its own, so that it can be picked as a folder. */
export function unpack(zip: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'journey-'))
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(zip))))
    if (!name.endsWith('/')) writeFileSync(path.join(folder, name.replaceAll('/', '_')), bytes)
  return folder
}
