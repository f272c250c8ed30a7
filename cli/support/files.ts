// Scan files from disk for commands: one file, or every file below a folder. Zips are opened by src/volume.
import { open, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../../src/base/errors.ts'
import type { ScanFile } from '../../src/volume/volume.ts'

/** @throws InputError when there is nothing at `location`. */
export async function readScanFiles(location: string): Promise<ScanFile[]> {
  const found = await stat(location).catch(() => undefined)
  if (!found) throw new InputError(`There is no file or folder ${location}. Check the path.`)
  if (!found.isDirectory()) return withPartner(location)
  const entries = await readdir(location, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name))
  return Promise.all(paths.sort().map(file => toScanFile(file, location)))
}

/** A header alone cannot be opened: the files of the same name beside it come with it. */
async function withPartner(location: string): Promise<ScanFile[]> {
  const folder = path.dirname(location)
  const file = await toScanFile(location, folder)
  if (!/\.(hdr|img|mhd|nhdr)(\.gz)?$/i.test(location)) return [file]
  const stem = path.basename(location).replace(/\.(hdr|img|mhd|nhdr)(\.gz)?$/i, '')
  const entries = await readdir(folder, { withFileTypes: true })
  const partners = entries.filter(
    entry => entry.isFile() && entry.name !== path.basename(location) && entry.name.startsWith(`${stem}.`),
  )
  return [
    file,
    ...(await Promise.all(partners.map(({ name }) => toScanFile(path.join(folder, name), folder)))),
  ]
}

async function toScanFile(file: string, root: string): Promise<ScanFile> {
  return {
    path: path.relative(root, file).split(path.sep).join('/'),
    sizeBytes: (await stat(file)).size,
    bytes: async () => new Uint8Array(await readFile(file)),
    head: count => readHead(file, count),
  }
}

async function readHead(file: string, count: number): Promise<Uint8Array> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(count), 0, count, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
