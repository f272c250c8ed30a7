import { describe, expect, it } from 'vitest'
import { readCsv } from '../../volume/csv.ts'
import { readLabelTable } from './labelTable.ts'

function read(content: string, columns = {}) {
  const table = readCsv(new TextEncoder().encode(content), 't.csv')
  return readLabelTable(table, 't.csv', cell => /^case/.test(cell), { columns })
}

function labelsOf(column: string, cells: readonly string[]) {
  const { classes, rows } = read(`id,${column}\n${cells.map((cell, i) => `case${i},${cell}`).join('\n')}`)
  return {
    classes,
    labels: rows.map(({ label }) => label),
    unsure: rows.map(({ isIndeterminate }) => isIndeterminate),
  }
}

describe('classes of a label column', () => {
  it('reads ratings of malignancy: 4 and 5 positive, 3 indeterminate, means of readers too', () => {
    expect(labelsOf('malignancy', ['1', '2.4', '3', '3.5', '4', '5', ''])).toEqual({
      classes: ['benign', 'malignant'],
      labels: [0, 0, 0, 1, 1, 1, null],
      unsure: [false, false, true, false, false, false, false],
    })
  })

  it.each([
    ['label', ['yes', 'no', 'no'], ['no label', 'label'], [1, 0, 0]],
    ['malignant', ['1', '0', '1.0'], ['benign', 'malignant'], [1, 0, 1]],
    ['diagnosis', ['Malignant', 'benign', 'malignant'], ['benign', 'Malignant'], [1, 0, 1]],
    ['response', ['progressive', 'complete', 'partial'], ['complete', 'partial', 'progressive'], [2, 0, 1]],
    ['class', ['10', '9', '2'], ['2', '9', '10'], [2, 1, 0]],
    ['outcome', ['responder', 'non-responder', 'responder'], ['non-responder', 'responder'], [1, 0, 1]],
  ])('%s: %s', (column, cells, classes, labels) => {
    expect(labelsOf(column, cells)).toMatchObject({ classes, labels })
  })

  it('takes indeterminate and unknown as no label, and marks the first', () => {
    expect(labelsOf('diagnosis', ['benign', 'malignant', 'indeterminate', 'unknown'])).toMatchObject({
      labels: [0, 1, null, null],
      unsure: [false, false, true, false],
    })
  })

  it('takes a rating beside a label of two classes as its doubt', () => {
    const { rows, info } = read(
      'id,malignant,malignancy,volume_ml\ncase1,0,3.0,0.5\ncase2,1,4.0,\ncase3,0,2.0,1',
    )
    expect(info.chosen).toMatchObject({ label: 'malignant', volume: 'volume_ml' })
    expect(rows.map(({ isIndeterminate }) => isIndeterminate)).toEqual([true, false, false])
    expect(rows.map(({ volumeMm3 }) => volumeMm3)).toEqual([500, null, 1000])
  })

  it('refuses a measurement as label, and asks where no column is one', () => {
    const many = Array.from({ length: 30 }, (_, i) => `case${i},${i + 0.5}`).join('\n')
    expect(() => read(`id,size\n${many}`, { label: 'size' })).toThrow('has 30 different values in 30 rows')
    const { notices } = read(
      'id,age,side,lobe\ncase1,60,left,upper\ncase2,70,right,lower\ncase3,61,left,upper\ncase4,61,left,upper\ncase5,61,left,upper',
    )
    expect(notices.join()).toContain('it could be “side”, “lobe”')
  })
})
