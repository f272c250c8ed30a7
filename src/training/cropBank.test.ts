import { describe, expect, it } from 'vitest'
import { Random } from '../phantom/random.ts'
import { bankSize, CropBank, usesPerCrop } from './cropBank.ts'

const drawMany = (bank: CropBank<number>, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => bank.draw(from + i, new Random(5, from + i)))

describe('bank of crops', () => {
  it('gives a draw the same crop, whatever was drawn before', () => {
    const bank = new CropBank(k => k)
    const all = drawMany(bank, 0, 3000)
    expect(drawMany(new CropBank(k => k), 2000, 2100)).toEqual(all.slice(2000, 2100))
  })

  it('renders each crop once and uses it about as often as it says', () => {
    const rendered: number[] = []
    const bank = new CropBank(k => (rendered.push(k), k))
    const draws = 40 * bankSize * usesPerCrop
    drawMany(bank, 0, draws)
    expect(new Set(rendered).size).toBe(rendered.length)
    // Crops near both ends of the run are used less.
    expect(draws / rendered.length).toBeGreaterThan(0.9 * usesPerCrop)
    expect(draws / rendered.length).toBeLessThan(1.1 * usesPerCrop)
  })

  it('lets go of crops that slid out of reach', () => {
    const bank = new CropBank(k => k)
    drawMany(bank, 0, 20 * bankSize * usesPerCrop)
    expect(bank.size).toBeLessThanOrEqual(2 * bankSize)
  })
})
