import { describe, expect, test } from 'vitest'
import {
  formatClasses,
  formatHu,
  formatPercent,
  formatRas,
  formatSeconds,
  formatSpacing,
  formatVolume,
  malignancyWords,
} from './format.ts'

describe('numbers as the reader sees them', () => {
  test('HU are whole and carry a true minus sign, never a negative zero', () => {
    expect(formatHu(-599.6)).toBe('−600 HU')
    expect(formatHu(-0.2)).toBe('0 HU')
  })
  test('positions name their RAS letters to 0.1 mm', () => {
    expect(formatRas([-12.34, 0.04, 100])).toBe('R −12.3  A 0.0  S 100.0 mm')
  })
  test('volumes change from mm³ to cm³ at one cubic centimetre', () => {
    expect(formatVolume(999)).toBe('999 mm³')
    expect(formatVolume(1000)).toBe('1.0 cm³')
  })
  test('a probability never rounds to certainty', () => {
    expect(formatPercent(0.999)).toBe('> 99 %')
    expect(formatPercent(0.001)).toBe('< 1 %')
    expect(formatPercent(0.424)).toBe('42 %')
  })
  test('the classes of a model are all named, the likeliest first', () => {
    const classes = [
      { label: 'stable disease', probability: 0.2 },
      { label: 'partial response', probability: 0.7 },
      { label: 'progressive disease', probability: 0.1 },
    ]
    expect(formatClasses(classes)).toBe(
      'partial response 70 %, stable disease 20 %, progressive disease 10 %',
    )
  })
  test('durations are seconds below a minute and a half, then minutes', () => {
    expect(formatSeconds(12.4)).toBe('12 s')
    expect(formatSeconds(180)).toBe('3 min')
  })
  test('spacing is written width × height × depth from a (D,H,W) triple', () => {
    expect(formatSpacing([2.5, 0.703125, 0.703125])).toBe('0.7 × 0.7 × 2.5 mm')
  })
  test('the five words for a probability cover its whole range', () => {
    expect([0, 0.3, 0.5, 0.7, 1].map(malignancyWords)).toEqual([
      'very low',
      'low',
      'moderate',
      'high',
      'very high',
    ])
  })
})
