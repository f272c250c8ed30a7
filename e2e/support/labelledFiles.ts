// Labelled lesions made for the journeys: boxes of lung with one ball in each, its mask, and a table of labels.
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import type { File } from './page.ts'

const SIDE = 40

export interface BallCase {
  readonly id: string
  readonly radiusMm: number
  /** Moves the mask's grid away from the image's, mm along R; undefined writes it on the image's grid. */
  readonly maskShiftMm?: number
  readonly hasMask?: boolean
}

function nifti(voxels: Int16Array | Uint8Array, originRMm: number): Uint8Array {
  const header = Buffer.alloc(352)
  header.writeInt32LE(348, 0)
  ;[3, SIDE, SIDE, SIDE, 1, 1, 1, 1].forEach((size, i) => header.writeInt16LE(size, 40 + 2 * i))
  const isMask = voxels instanceof Uint8Array
  header.writeInt16LE(isMask ? 2 : 4, 70)
  header.writeInt16LE(isMask ? 8 : 16, 72)
  ;[1, 1, 1, 1].forEach((mm, i) => header.writeFloatLE(mm, 76 + 4 * i))
  header.writeFloatLE(352, 108)
  header.writeFloatLE(1, 112)
  header.writeUInt8(2, 123)
  header.writeInt16LE(1, 254)
  const rows = [1, 0, 0, originRMm, 0, 1, 0, 0, 0, 0, 1, 0]
  rows.forEach((value, i) => header.writeFloatLE(value, 280 + 4 * i))
  header.write('n+1\0', 344, 'latin1')
  return gzipSync(Buffer.concat([header, Buffer.from(voxels.buffer)]), { level: 1 })
}

/** `X.nii.gz` and `X_mask.nii.gz` of a case. */
function filesOf({ id, radiusMm, maskShiftMm = 0, hasMask = true }: BallCase): Record<string, Uint8Array> {
  const hu = new Int16Array(SIDE ** 3)
  const mask = new Uint8Array(SIDE ** 3)
  // Each case has a texture of its own: equal boxes would be duplicates.
  let state = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 7)
  for (let at = 0; at < hu.length; at++) {
    const [w, h, d] = [at % SIDE, Math.floor(at / SIDE) % SIDE, Math.floor(at / SIDE ** 2)]
    const isIn = Math.hypot(w - SIDE / 2, h - SIDE / 2, d - SIDE / 2) < radiusMm
    state = (state * 75 + 74) % 65_537
    hu[at] = (isIn ? 30 : -850) + (state % 41) - 20
    mask[at] = isIn ? 1 : 0
  }
  return {
    [`cases/${id}.nii.gz`]: nifti(hu, 0),
    ...(hasMask && { [`cases/${id}_mask.nii.gz`]: nifti(mask, maskShiftMm) }),
  }
}

/** A zip of cases with a table; `table` is the CSV's text. */
export function labelledZip(cases: readonly BallCase[], table: string | undefined): File {
  const entries = Object.assign({}, ...cases.map(filesOf)) as Record<string, Uint8Array>
  if (table !== undefined) entries['cases/labels.csv'] = new TextEncoder().encode(table)
  return {
    name: 'cases.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(zipSync(entries, { level: 0 })),
  }
}
