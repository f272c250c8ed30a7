import { expect, test } from 'vitest'
import { memoryStorage } from '../pretrain/testSupport.ts'
import { packMask, readHeldOutlines, unpackMask, writeHeldOutlines } from './heldOutlines.ts'

test('an outline comes back from eight voxels a byte as it was', () => {
  const mask = Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1)
  const bits = packMask(mask)
  expect(bits).toHaveLength(2)
  expect(unpackMask(bits, mask.length)).toEqual(mask)
})

test('outlines of folds are read together, and a fold that ends again takes its own place', async () => {
  const { storage } = memoryStorage()
  const of = (at: number, ...mask: number[]) => ({ at, bits: packMask(Uint8Array.from(mask)) })
  await writeHeldOutlines(storage, 0, [of(2, 1, 1), of(5, 0, 1)])
  await writeHeldOutlines(storage, 2, [of(0, 1, 0)])
  expect(await readHeldOutlines(storage, 3)).toEqual([of(2, 1, 1), of(5, 0, 1), of(0, 1, 0)])
  await writeHeldOutlines(storage, 0, [of(2, 0, 1)])
  expect(await readHeldOutlines(storage, 3)).toEqual([of(2, 0, 1), of(0, 1, 0)])
})
