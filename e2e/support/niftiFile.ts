// A small NIfTI made for the journeys: an asymmetric box phantom whose landmarks tell right from left at a glance.
import { gzipSync } from 'node:zlib'

export const SHAPE = { width: 96, height: 80, depth: 48 } as const
export const SPACING_MM = { width: 3, height: 3, depth: 5 } as const

/** HU of the landmarks; lung everywhere else inside the body, air outside. */
export const HU = { air: -1000, lung: -850, body: 40, rightMark: 700, frontMark: 300 } as const

/** RAS mm of the two landmarks' centres: one far to the patient's right, one far to the front. */
export const RIGHT_MARK_MM = [99, 0, 0] as const
export const FRONT_MARK_MM = [0, 90, 0] as const

/**
 * A RAS NIfTI-1 (int16, gzip): axes run left→right, posterior→anterior, inferior→superior, centred on the origin. With
 * `addedHu` it is another scan on the same grid.
 */
export function makeNifti(addedHu = 0): Buffer {
  const { width, height, depth } = SHAPE
  const header = Buffer.alloc(352)
  header.writeInt32LE(348, 0)
  ;[3, width, height, depth, 1, 1, 1, 1].forEach((size, i) => header.writeInt16LE(size, 40 + 2 * i))
  header.writeInt16LE(4, 70)
  header.writeInt16LE(16, 72)
  ;[1, SPACING_MM.width, SPACING_MM.height, SPACING_MM.depth].forEach((mm, i) =>
    header.writeFloatLE(mm, 76 + 4 * i),
  )
  header.writeFloatLE(352, 108)
  header.writeFloatLE(1, 112)
  header.writeUInt8(2, 123)
  header.write('journey phantom', 148, 'latin1')
  header.writeInt16LE(1, 254)
  const origin = [-(width - 1) * 1.5, -(height - 1) * 1.5, -(depth - 1) * 2.5]
  const rows = [
    [SPACING_MM.width, 0, 0, origin[0]],
    [0, SPACING_MM.height, 0, origin[1]],
    [0, 0, SPACING_MM.depth, origin[2]],
  ]
  rows.flat().forEach((value, i) => header.writeFloatLE(value, 280 + 4 * i))
  header.write('n+1\0', 344, 'latin1')
  return gzipSync(Buffer.concat([header, Buffer.from(voxels(origin).map(hu => hu + addedHu).buffer)]))
}

function voxels(origin: readonly number[]): Int16Array {
  const { width, height, depth } = SHAPE
  const hu = new Int16Array(width * height * depth)
  let at = 0
  for (let d = 0; d < depth; d++)
    for (let h = 0; h < height; h++)
      for (let w = 0; w < width; w++) {
        const x = origin[0] + w * SPACING_MM.width
        const y = origin[1] + h * SPACING_MM.height
        const z = origin[2] + d * SPACING_MM.depth
        hu[at++] = huAt(x, y, z)
      }
  return hu
}

function huAt(x: number, y: number, z: number): number {
  const near = ([a, b, c]: readonly number[], radius: number) => Math.hypot(x - a, y - b, z - c) < radius
  if (near(RIGHT_MARK_MM, 14)) return HU.rightMark
  if (near(FRONT_MARK_MM, 14)) return HU.frontMark
  if (Math.hypot(x / 130, y / 108) > 1) return HU.air
  const inLung = Math.hypot((Math.abs(x) - 55) / 38, y / 70, z / 90) < 1
  return inLung ? HU.lung : HU.body
}
