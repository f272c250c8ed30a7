import { expect, it } from 'vitest'
import { floatToHalf, halfToFloat } from './half.ts'

it('gives back every finite binary16 number exactly', () => {
  for (let bits = 0; bits < 0x7c00; bits++) expect(floatToHalf(halfToFloat(bits))).toBe(bits)
})
it('rounds to the nearest, ties to even', () => {
  expect(halfToFloat(floatToHalf(1 + 2 ** -11))).toBe(1) // halfway between 1 and 1 + 2⁻¹⁰
  expect(halfToFloat(floatToHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9)
  expect(halfToFloat(floatToHalf(-0.1))).toBeCloseTo(-0.1, 4)
})
it('keeps infinity, NaN and overflow apart', () => {
  expect(halfToFloat(floatToHalf(1e6))).toBe(Infinity)
  expect(halfToFloat(floatToHalf(NaN))).toBeNaN()
})
