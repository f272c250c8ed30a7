// A model as people hand it over: model.json with its .safetensors file, card.md beside them perhaps, loose, in a folder or as
// one zip; and the zip that this program hands over itself.
import { zipSync } from 'fflate'
import { InputError } from '../base/errors.ts'
import { researchNotice } from '../prediction/pipelineVersion.ts'
import type { ScanFile } from '../volume/volume.ts'
import { openZip } from '../volume/zip.ts'
import type { ModelPackage } from './modelLibrary.ts'

/** Far above any description or card. */
const mostTextBytes = 16 * 2 ** 20

const baseName = (file: ScanFile) => file.path.split('/').pop()!.toLowerCase()
const ends = (ending: string) => (file: ScanFile) => baseName(file).endsWith(ending)

async function readText(file: ScanFile): Promise<string> {
  if (file.sizeBytes > mostTextBytes)
    throw new InputError(
      `${baseName(file)} has ${Math.round(file.sizeBytes / 1e6)} MB, which no model description or card has. Choose the files of one model.`,
    )
  return new TextDecoder().decode(await file.bytes())
}

function incomplete(files: readonly ScanFile[]): InputError {
  const names = files.slice(0, 5).map(baseName).join(', ')
  return new InputError(
    `${names || 'Nothing'} came, but one model’s model.json and its .safetensors file are expected, or one zip that holds both. Choose them together.`,
  )
}

/** @throws InputError when there is not exactly one model among them, or a file or zip is damaged. */
export async function readModelFiles(given: readonly ScanFile[]): Promise<ModelPackage> {
  const zips = given.filter(ends('.zip'))
  const files = zips.length === 1 ? (await openZip(zips[0])).files : given
  const descriptions = files.filter(file => baseName(file) === 'model.json')
  const json = descriptions.length > 0 ? descriptions : files.filter(ends('.json'))
  const weights = files.filter(ends('.safetensors'))
  if (json.length !== 1 || weights.length !== 1) throw incomplete(files)
  let manifest: unknown
  try {
    manifest = JSON.parse(await readText(json[0]))
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `${baseName(json[0])} is no JSON, so that the model cannot be read. Get the model’s files again.`,
      String(error),
    )
  }
  const card = files.find(file => baseName(file) === 'card.md')
  return { manifest, weights: await weights[0].bytes(), card: card && (await readText(card)) }
}

/** One zip, not compressed further: weights do not get smaller. */
export function packModel(
  { manifest, weights, card }: ModelPackage,
  stem: string,
): { fileName: string; bytes: Uint8Array<ArrayBuffer> } {
  const encode = (text: string) => new TextEncoder().encode(text)
  const { file } = (manifest as { weights: { file: string } }).weights
  const bytes = zipSync(
    {
      'model.json': encode(`${JSON.stringify(manifest, null, 2)}\n`),
      [file]: weights,
      'card.md': encode(card ?? `${researchNotice}.\n`),
    },
    { level: 0, comment: 'Research use - not for clinical use' },
  )
  return { fileName: `${stem}.zip`, bytes: bytes as Uint8Array<ArrayBuffer> }
}
