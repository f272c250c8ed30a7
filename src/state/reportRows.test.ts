import { describe, expect, it } from 'vitest'
import type { ClassFigures, ClassReport } from '../worker/finetuneProtocol.ts'
import { classRows, reportCsv, verdictsOf } from './reportRows.ts'

const figure = (value: number) => ({ value, interval: [value - 0.1, value + 0.1] as const })
const none = {
  sensitivity: null,
  specificity: null,
  recallByClass: [],
  aucByClass: [],
  calibrationError: null,
  brier: null,
}
const figures = (auc: number): ClassFigures => ({
  ...none,
  ...{ auc: figure(auc), balancedAccuracy: null, confusion: [[1]], reliability: [], roc: null },
})
const report: ClassReport = {
  ...{ schemaVersion: 1, kind: 'classes', notice: 'Research use — not for clinical use' },
  compared: { after: 'new', before: 'old', data: '9 nodules', synthetic: true, how: '3 folds' },
  classes: ['benign', 'malignant'],
  threshold: { origin: 'half', range: null },
  bootstrap: { draws: 10, seed: 1 },
  sets: [
    {
      ...{ which: 'all', cases: 9, patients: 9, casesByClass: [4, 5], after: figures(0.9) },
      ...{ before: figures(0.7), size: { auc: figure(0.8), roc: null } },
      comparisons: [
        {
          ...{ rival: 'size', measure: 'AUC', difference: figure(0.1), better: 'after', isClear: false },
          sentence: 'Better than size, but the interval does not allow the claim.',
        },
      ],
    },
  ],
  ...{ worst: [], shares: [], remarks: ['Few cases.'] },
}

describe('rows of a report', () => {
  it('leave out what the judged model has no figure for, and set size beside AUC alone', () => {
    expect(classRows(report.sets[0], report.classes)).toEqual([
      { name: 'AUC', unit: null, after: figure(0.9), before: figure(0.7), size: figure(0.8) },
    ])
  })
  it('have each of three classes by its name, against the rest', () => {
    const byClass = [figure(0.6), figure(0.7), null]
    const set = { ...report.sets[0], before: null, size: null }
    const after = { ...figures(0.65), aucByClass: byClass, recallByClass: byClass }
    const rows = classRows({ ...set, after }, ['none', 'partial', 'complete'])
    expect(rows.map(({ name, after: one }) => [name, one?.value])).toEqual([
      ['AUC, mean of each class against the rest', 0.65],
      ['AUC, none against the rest', 0.6],
      ['Recall of none', 0.6],
      ['AUC, partial against the rest', 0.7],
      ['Recall of partial', 0.7],
    ])
  })
  it('come as a table with the sentences above it', () => {
    const lines = reportCsv(report, ['Research use — not for clinical use']).split('\r\n')
    expect(lines[0]).toBe('# Research use — not for clinical use')
    expect(lines).toContain(`# ${verdictsOf(report)[0]}`)
    expect(lines).toContain('# Few cases.')
    const table = lines.filter(line => !line.startsWith('#'))
    expect(table[0].split(',')).toHaveLength(7)
    expect(table.slice(1, 4).map(line => line.split(',').slice(0, 5))).toEqual([
      ['"AUC"', '', 'all', 'after', '0.9'],
      ['"AUC"', '', 'all', 'before', '0.7'],
      ['"AUC"', '', 'all', 'size', '0.8'],
    ])
  })
})
