// Files that the lab hands over, as a researcher's own tools would read them.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, type Page } from '@playwright/test'

export const notice = 'Research use — not for clinical use'

/** Presses a button of one of the lab's sections and gives the file that comes. */
export async function download(page: Page, section: string, name: string): Promise<Buffer> {
  const body = page.locator('.lab-section').filter({ has: page.getByRole('heading', { name: section }) })
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    body.getByRole('button', { name, exact: true }).click(),
  ])
  return readFileSync(await file.path())
}

/** Voxels of a NIfTI of 8 or (signed) 16 bits, and the value at a place in the world, through the file's own sform. */
export function readNifti(gzipped: Buffer) {
  const file = gunzipSync(gzipped)
  const [width, height, depth] = [42, 44, 46].map(at => file.readInt16LE(at))
  const row = (at: number) => [0, 4, 8, 12].map(step => file.readFloatLE(at + step))
  const bytes = file.subarray(352)
  const isWide = file.readInt16LE(72) === 16
  const voxels = isWide
    ? Int16Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readInt16LE(2 * at))
    : Uint8Array.from(bytes)
  expect(voxels.length).toBe(width * height * depth)
  return {
    voxels,
    shape: [width, height, depth],
    description: file.toString('latin1', 148, 228),
    /** For scans whose axes are the world's. */
    at(rasMm: readonly number[]) {
      const [i, j, k] = [280, 296, 312].map((offset, axis) => {
        const values = row(offset)
        return Math.round((rasMm[axis] - values[3]) / values[axis])
      })
      return voxels[(k * height + j) * width + i]
    },
  }
}

/** A table's rows by their columns' names, its comments left out. */
export function readTable(file: Buffer): Record<string, string>[] {
  const [head, ...rows] = file
    .toString('utf8')
    .trim()
    .split(/\r?\n/)
    .filter(line => !line.startsWith('#'))
    .map(line => line.split(','))
  return rows.map(row => Object.fromEntries(head.map((name, at) => [name, row[at]])))
}
