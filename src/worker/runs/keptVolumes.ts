// De-identified copies of volumes that runs learn from: grid and HU, nothing else of the scan, under the hash of both. They
// lie in one folder, so that all of them can be deleted in one place.
import { InputError } from '../../base/errors.ts'
import type { Affine, Triple } from '../../base/shape.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import type { Volume } from '../../volume/volume.ts'
import type { FileStore } from './fileStore.ts'

export const keptFolder = 'volumes'

interface Header {
  readonly schemaVersion: 1
  readonly notice: string
  readonly shape: Triple
  readonly spacingMm: Triple
  readonly affine: Affine
}

const fileOf = (identity: string): string => `${identity.replace(/^sha256:/, '')}.hu`

/** Identities of the volumes that are kept. */
export async function keptIdentities(store: FileStore): Promise<ReadonlySet<string>> {
  const files = await store.folder(keptFolder).files()
  return new Set(files.map(({ name }) => `sha256:${name.replace(/\.hu$/, '')}`))
}

/** Writes a copy where there is none yet. Layout: length of the header (uint32), header (JSON, padded to 8), int16 HU. */
export async function keepVolume(store: FileStore, identity: string, volume: Volume): Promise<void> {
  if ((await keptIdentities(store)).has(identity)) return
  const { shape, spacingMm, affine, hu } = volume
  const header: Header = { schemaVersion: 1, notice: researchNotice, shape, spacingMm, affine }
  const text = JSON.stringify(header)
  const head = new TextEncoder().encode(text.padEnd(Math.ceil((text.length + 4) / 8) * 8 - 4))
  const bytes = new Uint8Array(4 + head.length + hu.byteLength)
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  bytes.set(head, 4)
  bytes.set(new Uint8Array(hu.buffer, hu.byteOffset, hu.byteLength), 4 + head.length)
  await store.folder(keptFolder).write(fileOf(identity), bytes)
}

/** Undefined where no copy is kept. @throws InputError when it is damaged. */
export async function readKept(store: FileStore, identity: string): Promise<Volume | undefined> {
  const bytes = await store.folder(keptFolder).read(fileOf(identity))
  if (!bytes) return undefined
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
    const { shape, spacingMm, affine } = JSON.parse(
      new TextDecoder().decode(bytes.subarray(4, 4 + length)),
    ) as Header
    const hu = new Int16Array(
      bytes.buffer.slice(bytes.byteOffset + 4 + length, bytes.byteOffset + bytes.length),
    )
    if (hu.length !== shape[0] * shape[1] * shape[2])
      throw new Error(`${hu.length} values for ${shape.join('×')}`)
    return { shape, spacingMm, affine, hu }
  } catch (error) {
    throw new InputError(
      'The copy of a volume that this browser kept is damaged. Delete the kept volumes and give the volume’s files again.',
      String(error),
    )
  }
}

export function deleteKeptVolume(store: FileStore, identity: string): Promise<void> {
  return store.folder(keptFolder).remove(fileOf(identity))
}
