import { expect, test } from 'vitest'
import { profileRows, profileText } from './profileTable.ts'

const times = [
  { label: 'Conv3d', kind: 'kernel' as const, milliseconds: 2 },
  { label: 'LayerNorm', kind: 'kernel' as const, milliseconds: 1 },
  { label: 'Conv3d', kind: 'kernel' as const, milliseconds: 5 },
]

test('tasks of one label stand together, the longest first, with their share', () => {
  expect(profileRows(times)).toEqual([
    { label: 'Conv3d', count: 2, milliseconds: 7, share: 7 / 8 },
    { label: 'LayerNorm', count: 1, milliseconds: 1, share: 1 / 8 },
  ])
})

test('the table ends with the total, and one of no time has no share', () => {
  const lines = profileText('segment', times).split('\n')
  expect(lines[0]).toContain('segment: 3 tasks')
  expect(lines.at(-1)).toMatch(/^total +3 +8\.000 ms +100\.0 %$/)
  expect(profileRows([{ ...times[0], milliseconds: 0 }])[0].share).toBe(0)
})
