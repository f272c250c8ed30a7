import { describe, expect, test } from 'vitest'
import { readSettings } from './settings.ts'

const holding = (text: string | null) => ({ getItem: () => text })

describe('settings kept between visits', () => {
  test('known values come back', () => {
    const text = JSON.stringify({ layout: 'quad', mouseScheme: 'niivue', isCasePanelOpen: false })
    expect(readSettings(holding(text))).toEqual({
      layout: 'quad',
      mouseScheme: 'niivue',
      isCasePanelOpen: false,
    })
  })
  test('values that no longer exist are left out', () => {
    expect(readSettings(holding('{"layout":"mosaic","mouseScheme":7}'))).toEqual({})
  })
  test('damaged or forbidden storage gives the defaults', () => {
    expect(readSettings(holding('{nonsense'))).toEqual({})
    const forbidden = {
      getItem(): string {
        throw new Error('denied')
      },
    }
    expect(readSettings(forbidden)).toEqual({})
  })
})
