// A validation report as rows of figures: what tables on the page and in files show, in one order.
import type {
  ClassFigures,
  Comparison,
  ClassSet,
  Figure,
  MaskFigures,
  ValidationReport,
} from '../worker/finetuneProtocol.ts'

export interface FigureRow {
  readonly name: string
  /** Null for a number between 0 and 1. */
  readonly unit: string | null
  readonly after: Figure | null
  readonly before: Figure | null
  /** Of volume alone, where that can be asked. */
  readonly size: Figure | null
}

const CLASS_FIGURES: readonly { readonly name: string; readonly of: (f: ClassFigures) => Figure | null }[] = [
  { name: 'AUC', of: figures => figures.auc },
  { name: 'Balanced accuracy', of: figures => figures.balancedAccuracy },
  { name: 'Sensitivity', of: figures => figures.sensitivity },
  { name: 'Specificity', of: figures => figures.specificity },
  { name: 'Calibration error (ECE)', of: figures => figures.calibrationError },
  { name: 'Brier score', of: figures => figures.brier },
]

const MASK_FIGURES: readonly {
  readonly name: string
  readonly unit: string | null
  readonly of: (f: MaskFigures) => Figure | null
}[] = [
  { name: 'Dice', unit: null, of: figures => figures.dice },
  { name: 'Surface distance', unit: 'mm', of: figures => figures.surfaceDistanceMm },
  { name: 'Hausdorff, 95 %', unit: 'mm', of: figures => figures.hausdorff95Mm },
  { name: 'Volume error, absolute', unit: '%', of: figures => inPercent(figures.absoluteVolumeError) },
  { name: 'Volume error, bias', unit: '%', of: figures => inPercent(figures.volumeError) },
]

function inPercent(figure: Figure | null): Figure | null {
  if (!figure) return null
  const { value, interval } = figure
  return { value: 100 * value, interval: interval && [100 * interval[0], 100 * interval[1]] }
}

/** Rows of which the judged model has a figure; beyond two classes each of them has rows of its own. */
export function classRows({ after, before, size }: ClassSet, classes: readonly string[]): FigureRow[] {
  const rowOf = (name: string, of: (figures: ClassFigures) => Figure | null) => ({
    ...{ name, unit: null, after: of(after), before: before && of(before), size: null },
  })
  const rows = CLASS_FIGURES.map(({ name, of }) => rowOf(name, of))
  if (classes.length === 2)
    return rows
      .filter(row => row.after !== null)
      .map(row => (row.name === 'AUC' ? { ...row, size: size?.auc ?? null } : row))
  const [auc, ...others] = rows
  const each = classes.flatMap((name, index) => [
    rowOf(`AUC, ${name} against the rest`, figures => figures.aucByClass[index] ?? null),
    rowOf(`Recall of ${name}`, figures => figures.recallByClass[index] ?? null),
  ])
  const mean = { ...auc, name: 'AUC, mean of each class against the rest' }
  return [mean, ...others, ...each].filter(row => row.after !== null)
}

export function maskRows({ after, before }: { after: MaskFigures; before: MaskFigures | null }): FigureRow[] {
  const rows = MASK_FIGURES.map(({ name, unit, of }) => ({
    ...{ name, unit, after: of(after), before: before && of(before), size: null },
  }))
  return rows.filter(row => row.after !== null)
}

/** Whether it is better, in sentences: over all cases, the measures that matter most first. */
export function verdictsOf(report: ValidationReport): readonly string[] {
  const comparisons = report.kind === 'classes' ? (report.sets[0]?.comparisons ?? []) : report.comparisons
  return comparisons.map(({ sentence }) => sentence)
}

function headline(
  { better, isClear, rival, measure }: Comparison,
  { before }: ValidationReport['compared'],
): string {
  const other = rival === 'size' ? 'size alone' : `the start model (${before ?? 'none'})`
  const where = ` in ${measure === 'AUC' || measure === 'Dice' ? measure : `the ${measure}`}`
  if (better === 'neither') return `As good as ${other}${where}.`
  if (better === 'after')
    return isClear
      ? `Better than ${other}${where}.`
      : `Ahead of ${other}${where}, but too few cases to claim it.`
  return isClear ? `Worse than ${other}${where}.` : `Not better than ${other}${where}.`
}

/** Is it better? A short sentence for each rival, by the measure that matters most. */
export function headlinesOf(report: ValidationReport): readonly string[] {
  const comparisons = report.kind === 'classes' ? (report.sets[0]?.comparisons ?? []) : report.comparisons
  const first = (rival: Comparison['rival']) => comparisons.find(one => one.rival === rival)
  const found = [first('start'), first('size')].flatMap(one => one ?? [])
  if (found.length === 0) return ['There is nothing to compare it with: see the figures.']
  return found.map(one => headline(one, report.compared))
}

/** One line a figure, set of cases and model, with its interval; sentences as comments above. */
export function reportCsv(report: ValidationReport, head: readonly string[]): string {
  const sets =
    report.kind === 'classes'
      ? report.sets.map(set => ({ cases: set.which, rows: classRows(set, report.classes) }))
      : [{ cases: 'all', rows: maskRows(report) }]
  const lines = sets.flatMap(({ cases, rows }) =>
    rows.flatMap(({ name, unit, ...of }) =>
      (['after', 'before', 'size'] as const).flatMap(model => {
        const figure = of[model]
        if (!figure) return []
        const [low, high] = figure.interval ?? ['', '']
        return [[`"${name}"`, unit ?? '', cases, model, figure.value, low, high].join(',')]
      }),
    ),
  )
  const { after, before, data, how } = report.compared
  const compared = [`Judged: ${after}`, `Start: ${before ?? 'none'}`, `Data: ${data}`, `How: ${how}`]
  const comments = [...head, ...compared, ...verdictsOf(report), ...report.remarks]
  const text = comments.map(line => `# ${line.replaceAll(/\s+/g, ' ')}`)
  return [...text, 'figure,unit,cases,model,value,low95,high95', ...lines, ''].join('\r\n')
}
