// What the tests of this folder share: files in memory, the way through the front door, and where real scans stand.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { readScanFiles } from '../../cli/support/files.ts'
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import type { PointMm } from './geometry.ts'
import { rasMmToVoxel } from './geometry.ts'
import { listSeries, openSeries } from './readScan.ts'
import type { OpenedSeries, ScanFile } from './volume.ts'

const data = path.resolve('../shared/data')

/** Beside the checkout; a test that needs it is skipped by name where it is missing. */
export function isMissing(name: string): boolean {
  return !existsSync(path.join(data, name))
}

export function realFiles(name: string): Promise<ScanFile[]> {
  return readScanFiles(path.join(data, name))
}

export async function openReal(name: string): Promise<OpenedSeries> {
  return openFiles(await realFiles(name))
}

export function memoryFile(filePath: string, bytes: Uint8Array): ScanFile {
  return {
    path: filePath,
    sizeBytes: bytes.length,
    bytes: () => Promise.resolve(bytes),
    head: count => Promise.resolve(bytes.subarray(0, count)),
  }
}

/** Lists and opens the first series, as a reader would. */
export async function openFiles(files: readonly ScanFile[]): Promise<OpenedSeries> {
  const listing = await listSeries(files)
  return openSeries(listing, listing.series[0].id)
}

export function openBytes(name: string, bytes: Uint8Array): Promise<OpenedSeries> {
  return openFiles([memoryFile(name, bytes)])
}

/** The sentence with which these files are refused; anything but an InputError is thrown on. */
export async function refusalOf(files: readonly ScanFile[]): Promise<string> {
  try {
    await openFiles(files)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  throw new Error('expected an InputError, but the files were opened')
}

/** HU of the voxel whose centre is at this place; fails where no voxel's centre is within 0.01 voxel. */
export function huAtRasMm({ volume }: OpenedSeries, pointRasMm: PointMm): number {
  const voxel = rasMmToVoxel(volume.affine, pointRasMm)
  const [d, h, w] = voxel.map(Math.round)
  const isCentre = voxel.every((at, axis) => Math.abs(at - [d, h, w][axis]) < 0.01)
  const isInside = [d, h, w].every((at, axis) => at >= 0 && at < volume.shape[axis])
  if (!isCentre || !isInside)
    throw new Error(`no voxel has its centre at ${pointRasMm.join(', ')} mm RAS (index ${voxel.join(', ')})`)
  return volume.hu[(d * volume.shape[1] + h) * volume.shape[2] + w]
}

/** The phantom of these tests: every voxel has a value of its own, so that no turned or shifted grid can pass. */
export function phantomHu([d, h, w]: Triple): number {
  return -900 + 37 * w + 5 * h + 211 * d
}

export const phantomShape: Triple = [3, 5, 4]

/** `phantomHu` of each voxel of `shape`, W fastest. */
export function phantomValues(shape: Triple = phantomShape, value = phantomHu): number[] {
  return everyVoxel(shape).map(value)
}

export function everyVoxel([D, H, W]: Triple): Triple[] {
  return Array.from({ length: D * H * W }, (_, i) => [Math.floor(i / (H * W)), Math.floor(i / W) % H, i % W])
}

/** Every voxel of the phantom lies where `place` (d, h, w of the file → RAS mm) says, with its HU. */
export function expectPhantomAt(
  series: OpenedSeries,
  place: (voxel: Triple) => PointMm,
  value = phantomHu,
): void {
  for (const voxel of everyVoxel(phantomShape)) expect(huAtRasMm(series, place(voxel))).toBe(value(voxel))
}

/** Little-endian int16 bytes of the values. */
export function int16Bytes(values: readonly number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(values).buffer)
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Numbers in 0…1 from a fixed seed (Mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
