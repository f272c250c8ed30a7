// Labelled lesions made for the journeys: boxes of lung with one ball in each, its mask, and a table of labels.
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { planPhantom } from '../../src/phantom/anatomy.ts'
import { renderCrop } from '../../src/phantom/render.ts'
import type { File } from './page.ts'

const SIDE = 40

export interface BallCase {
  readonly id: string
  readonly radiusMm: number
  /** Moves the mask's grid away from the image's, mm along R; undefined writes it on the image's grid. */
  readonly maskShiftMm?: number
  readonly hasMask?: boolean
}

function nifti(voxels: Int16Array | Uint8Array, originRMm: number, side = SIDE, mm = 1): Uint8Array {
  const header = Buffer.alloc(352)
  header.writeInt32LE(348, 0)
  ;[3, side, side, side, 1, 1, 1, 1].forEach((size, i) => header.writeInt16LE(size, 40 + 2 * i))
  const isMask = voxels instanceof Uint8Array
  header.writeInt16LE(isMask ? 2 : 4, 70)
  header.writeInt16LE(isMask ? 8 : 16, 72)
  ;[1, mm, mm, mm].forEach((step, i) => header.writeFloatLE(step, 76 + 4 * i))
  header.writeFloatLE(352, 108)
  header.writeFloatLE(1, 112)
  header.writeUInt8(2, 123)
  header.writeInt16LE(1, 254)
  const rows = [mm, 0, 0, originRMm, 0, mm, 0, 0, 0, 0, mm, 0]
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

/** A case's image alone, to be opened as a scan. */
export function ballScan(one: BallCase): File {
  const name = `${one.id}.nii.gz`
  const buffer = Buffer.from(filesOf(one)[`cases/${name}`])
  return { name, mimeType: 'application/gzip', buffer }
}

/** A zip of cases with a table; `table` is the CSV's text. */
export function labelledZip(cases: readonly BallCase[], table: string | undefined): File {
  const entries = Object.assign({}, ...cases.map(filesOf)) as Record<string, Uint8Array>
  if (table !== undefined) entries['cases/labels.csv'] = new TextEncoder().encode(table)
  return zipOf('cases.zip', entries)
}

function zipOf(name: string, entries: Record<string, Uint8Array>): File {
  return { name, mimeType: 'application/zip', buffer: Buffer.from(zipSync(entries, { level: 0 })) }
}

const BOX = 64
const BOX_MM = 1.5

/** One nodule a synthetic chest with its truth, at the networks' own spacing: quick to read and to cut. */
export function phantomZip(seeds: readonly number[]): File {
  const entries: Record<string, Uint8Array> = {}
  for (const seed of seeds) {
    const plan = planPhantom(seed)
    const [nodule] = [...plan.nodules].sort((a, b) => b.volumeMm3 - a.volumeMm3)
    if (!nodule) continue
    const shape = [BOX, BOX, BOX] as const
    const spacingMm = [BOX_MM, BOX_MM, BOX_MM] as const
    const { hu, instances } = renderCrop(plan, { centreRasMm: nodule.centreRasMm, shape, spacingMm })
    const mask = Uint8Array.from(instances, id => (id === nodule.id ? 1 : 0))
    entries[`chests/chest${seed}.nii.gz`] = nifti(Int16Array.from(hu), 0, BOX, BOX_MM)
    entries[`chests/chest${seed}_mask.nii.gz`] = nifti(mask, 0, BOX, BOX_MM)
  }
  return zipOf('chests.zip', entries)
}
