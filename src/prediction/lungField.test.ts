import { beforeAll, describe, expect, it } from 'vitest'
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import type { Volume } from '../volume/volume.ts'
import { locate } from './location.ts'
import type { LungField } from './lungField.ts'
import { findLungField } from './lungField.ts'
import { dilate } from './morphology.ts'
import type { Ellipsoid } from './testChest.ts'
import { lungCentreMm, lungRadiiMm, makeChest, valueAt, voxelsInside } from './testChest.ts'

/** Dice of the field against the two ellipsoids that are lung, on the field's grid. */
function diceOfLungs(field: LungField, centresMm: readonly number[]): number {
  const truth = new Uint8Array(field.sides.length)
  for (const x of centresMm) {
    for (const i of voxelsInside(field.grid, { centreRasMm: [x, 0, 0], radiiMm: lungRadiiMm })) truth[i] = 1
  }
  let [a, b, both] = [0, 0, 0]
  for (let i = 0; i < truth.length; i++) {
    a += truth[i]
    b += field.sides[i] !== 0 ? 1 : 0
    both += truth[i] !== 0 && field.sides[i] !== 0 ? 1 : 0
  }
  return (2 * both) / (a + b)
}

/** On the flank of the right lung, half of it in the chest wall; beside a vessel; in the middle. */
const nodules: Ellipsoid[] = [
  { centreRasMm: [lungCentreMm + lungRadiiMm[0] - 2, 0, 0], radiiMm: [9, 9, 9], hu: 30 },
  { centreRasMm: [-lungCentreMm, 40, 20], radiiMm: [12, 12, 12], hu: 30 },
  { centreRasMm: [lungCentreMm, -69, 0], radiiMm: [6, 6, 6], hu: 30 },
]

describe('findLungField', () => {
  describe.each([
    ['thin slices', [1, 1.2, 1.2]],
    ['3 mm slices', [3, 0.9, 0.9]],
    ['4 mm voxels', [4, 4, 4]],
  ] as [string, Triple][])('with %s', (_, spacingMm) => {
    let field: LungField
    beforeAll(() => {
      field = findLungField(makeChest({ spacingMm, nodules }))
    })

    it('holds both lungs and neither table nor trachea', () => {
      expect(diceOfLungs(field, [-lungCentreMm, lungCentreMm])).toBeGreaterThan(0.93)
      expect(valueAt(field.sides, field.grid, [0, -130, 0])).toBe(0)
      expect(valueAt(field.sides, field.grid, [0, -60, 60])).toBe(0)
    })

    it('tells right from left and measures their extents', () => {
      expect(valueAt(field.sides, field.grid, [lungCentreMm, 0, 0])).toBe(1)
      expect(valueAt(field.sides, field.grid, [-lungCentreMm, 0, 0])).toBe(2)
      expect(Math.abs(field.right!.lowMm + 90)).toBeLessThan(2 * spacingMm[0] + 3)
      expect(Math.abs(field.left!.highMm - 90)).toBeLessThan(2 * spacingMm[0] + 3)
      expect(field.warnings).toEqual([])
    })

    it('keeps nodules, also on the pleura: most of each lies within 3 mm of the field', () => {
      const near = dilate(field.sides, field.grid.shape, field.grid.spacingMm, 3)
      for (const nodule of nodules) {
        const voxels = voxelsInside(field.grid, nodule)
        const inside = voxels.reduce((count, i) => count + near[i], 0)
        expect(inside / voxels.length).toBeGreaterThan(0.5)
      }
    })
  })

  it('parts two lungs that touch', () => {
    const field = findLungField(makeChest({ lungsTouch: true }))
    const middle = lungRadiiMm[0] - 1
    expect(valueAt(field.sides, field.grid, [middle, 0, 0])).toBe(1)
    expect(valueAt(field.sides, field.grid, [-middle, 0, 0])).toBe(2)
    const [right, left] = [field.right!.volumeMl, field.left!.volumeMl]
    expect(Math.abs(right / left - 1)).toBeLessThan(0.05)
  })

  it('finds emphysematous lungs that the field of view cuts on both flanks', () => {
    const volume = makeChest({ fromTo: { x: [-100, 100] }, lungHu: -955 })
    const field = findLungField(volume)
    expect(diceOfLungs(field, [-lungCentreMm, lungCentreMm])).toBeGreaterThan(0.93)
  })

  it.each([
    ['right', [10, 180], lungCentreMm],
    ['left', [-180, -10], -lungCentreMm],
  ] as const)('says so when only the %s lung is there', (side, x, centre) => {
    const field = findLungField(makeChest({ fromTo: { x: [x[0], x[1]] } }))
    expect(diceOfLungs(field, [centre])).toBeGreaterThan(0.93)
    expect(field[side]).not.toBeNull()
    expect(field[side === 'right' ? 'left' : 'right']).toBeNull()
    expect(field.warnings).toEqual([
      `Only one lung was found; by its surroundings it is taken for the ${side} one.`,
    ])
  })

  it('says when the scan cuts the lungs above or below', () => {
    const field = findLungField(makeChest({ fromTo: { z: [-40, 120] } }))
    expect(field.warnings).toEqual([
      'The lungs are cut at the lower end of the scan; zones are thirds of the part that was scanned.',
    ])
  })

  it('takes a cube from inside a lung as lung', () => {
    const shape: Triple = [40, 40, 40]
    const volume: Volume = {
      shape,
      spacingMm: [1, 1, 1],
      affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      hu: Int16Array.from({ length: 64000 }, (_, i) => -860 + (i % 41) - 20),
    }
    const field = findLungField(volume)
    expect(field.sides.every(side => side !== 0)).toBe(true)
  })

  it('refuses an image without lung in a sentence', () => {
    const solid = makeChest({ lungHu: 40 })
    expect(() => findLungField(solid)).toThrow(InputError)
    expect(() => findLungField(solid)).toThrow(/No lung was found/)
  })
})

describe('locate', () => {
  it('gives side and third of the lung, also for a centre just outside the field', () => {
    const field = findLungField(makeChest())
    expect(locate([60, 0, 75], field)).toEqual({ side: 'right', zone: 'upper' })
    expect(locate([-60, 0, 0], field)).toEqual({ side: 'left', zone: 'middle' })
    expect(locate([-60, 0, -60], field)).toEqual({ side: 'left', zone: 'lower' })
    expect(locate([140, 0, 0], field)).toEqual({ side: 'right', zone: 'middle' })
  })
})
