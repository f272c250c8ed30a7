// A report for people: aligned text for the command line, Markdown for a model's card. Both are the same tables.
import { signed } from './compare.ts'
import type {
  ClassFigures,
  ClassReport,
  ClassSet,
  Compared,
  Figure,
  MaskFigures,
  MaskReport,
  ShareRow,
  ValidationReport,
} from './report.ts'

/** What a case is called in a table: the command line knows names, a card must not. */
export type NameOfCase = (at: number) => string

interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A title with sentences or a table below it. */
type Part = Table | { readonly title: string; readonly sentences: readonly string[] }

/** For the command line; worst cases by the name that `nameOf` gives them. */
export function reportText(report: ValidationReport, nameOf?: NameOfCase): string {
  const parts = [...partsOf(report), ...(nameOf ? [worstTable(report, nameOf)] : [])]
  return [report.notice, ...parts.flatMap(part => ['', part.title, ...linesOf(part)])].join('\n')
}

/** For a model's card: no case is named in it. */
export function reportMarkdown(report: ValidationReport): string {
  return [
    `**${report.notice}**`,
    ...partsOf(report).flatMap(part => ['', `#### ${part.title}`, '', ...markdownOf(part)]),
  ].join('\n')
}

function linesOf(part: Part): string[] {
  if ('sentences' in part) return part.sentences.map(sentence => `  ${sentence}`)
  const lines = [part.head, ...part.rows]
  const widths = part.head.map((_, column) => Math.max(...lines.map(line => [...line[column]].length)))
  return lines.map(line =>
    `  ${line.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd(),
  )
}

function markdownOf(part: Part): string[] {
  if ('sentences' in part) return part.sentences.map(sentence => `- ${sentence}`)
  const row = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [row(part.head), row(part.head.map(() => '---')), ...part.rows.map(row)]
}

function figureText(figure: Figure | null, digits = 3): string {
  if (!figure) return '–'
  const { value, interval } = figure
  if (!interval) return `${plain(value, digits)} (no interval)`
  return `${plain(value, digits)} [${plain(interval[0], digits)}, ${plain(interval[1], digits)}]`
}

function plain(value: number, digits: number): string {
  return value < 0 ? signed(value, digits) : value.toFixed(digits)
}

function partsOf(report: ValidationReport): Part[] {
  const parts = report.kind === 'classes' ? classParts(report) : maskParts(report)
  const isSaid = (part: Part) => ('sentences' in part ? part.sentences : part.rows).length > 0
  return [
    { title: 'What was compared', sentences: comparedSentences(report.compared, report) },
    ...parts,
    shareTable(report),
    { title: 'To be careful about', sentences: report.remarks },
  ].filter(isSaid)
}

function comparedSentences(compared: Compared, { bootstrap }: ValidationReport): string[] {
  const { after, before, data, synthetic, how } = compared
  return [
    `Judged: ${after}. ${before === null ? 'No start model.' : `Start model: ${before}.`}`,
    `Data: ${data}${synthetic ? ' (synthetic)' : ''}. ${how}.`,
    `Square brackets: 95 % intervals by bootstrap over patients (${bootstrap.draws} draws, seed ${bootstrap.seed}), each comparison by itself.`,
  ]
}

function classParts(report: ClassReport): Part[] {
  return [
    ...report.sets.flatMap(set => [figureTable(set, report), sentencesOf(set)]),
    confusionTable(report),
    reliabilityTable(report.sets[0].after),
  ]
}

function titleOf({ which, cases, patients }: ClassSet): string {
  const counted = `${cases} of ${patients} patients`
  return which === 'all' ? `All cases: ${counted}` : `Without the indeterminate cases: ${counted}`
}

const classRows: readonly (readonly [string, (figures: ClassFigures) => Figure | null])[] = [
  ['AUC', ({ auc }) => auc],
  ['sensitivity', ({ sensitivity }) => sensitivity],
  ['specificity', ({ specificity }) => specificity],
  ['balanced accuracy', ({ balancedAccuracy }) => balancedAccuracy],
  ['calibration error (ECE)', ({ calibrationError }) => calibrationError],
  ['Brier score', ({ brier }) => brier],
]

function figureTable(set: ClassSet, { classes, compared }: ClassReport): Table {
  const { after, before, size } = set
  const isBinary = classes.length === 2
  const rows = classRows
    .filter(([name]) => isBinary || !/^s(ensi|peci)/.test(name))
    .map(([name, of]) => [
      name,
      figureText(of(after)),
      ...(before ? [figureText(of(before))] : []),
      ...(size ? [name === 'AUC' ? figureText(size.auc) : '–'] : []),
    ])
  const recalls = isBinary
    ? []
    : classes.flatMap((name, index) =>
        (['aucByClass', 'recallByClass'] as const).map(of => [
          of === 'aucByClass' ? `AUC of ${name} against the rest` : `recall of ${name}`,
          figureText(after[of][index]),
          ...(before ? [figureText(before[of][index])] : []),
        ]),
      )
  return {
    title: `${titleOf(set)} (${classes.map((name, index) => `${name} ${set.casesByClass[index]}`).join(', ')})`,
    head: [
      'figure',
      compared.after,
      ...(before ? [compared.before ?? 'start model'] : []),
      ...(size ? ['size alone'] : []),
    ],
    rows: set.cases === 0 ? [] : [...rows, ...recalls],
  }
}

function sentencesOf({ which, comparisons }: ClassSet): Part {
  return {
    title: which === 'all' ? 'Is it better?' : 'Is it better, without the indeterminate cases?',
    sentences: comparisons.map(({ sentence }) => sentence),
  }
}

function confusionTable({ classes, sets: [all], threshold }: ClassReport): Table {
  const { origin, range } = threshold
  const rule = {
    half: `“${classes.at(-1)}” from a probability of 0.5 on`,
    training: `“${classes.at(-1)}” from a probability of ${range?.map(edge => edge.toFixed(3)).join(' to ')} on, chosen on training cases`,
    likeliest: 'the likeliest class',
  }[origin]
  return {
    title: `Called: ${rule}`,
    head: ['true class', ...classes.map(name => `called ${name}`)],
    rows:
      all.cases === 0 ? [] : classes.map((name, index) => [name, ...all.after.confusion[index].map(String)]),
  }
}

function reliabilityTable({ reliability }: ClassFigures): Table {
  return {
    title: 'Reliability',
    head: ['probability', 'cases', 'mean probability', 'came true'],
    rows: reliability
      .filter(({ count }) => count > 0)
      .map(({ from, to, count, meanProbability, observedShare }) => [
        `${from.toFixed(1)}–${to.toFixed(1)}`,
        String(count),
        meanProbability?.toFixed(3) ?? '–',
        observedShare?.toFixed(3) ?? '–',
      ]),
  }
}

const maskRows: readonly (readonly [string, (figures: MaskFigures) => string])[] = [
  ['Dice', ({ dice }) => figureText(dice)],
  ['volume error, signed', ({ volumeError }) => figureText(volumeError)],
  ['volume error, absolute', ({ absoluteVolumeError }) => figureText(absoluteVolumeError)],
  ['mean surface distance, mm', ({ surfaceDistanceMm }) => figureText(surfaceDistanceMm, 2)],
  ['95 % Hausdorff distance, mm', ({ hausdorff95Mm }) => figureText(hausdorff95Mm, 2)],
  ['cases without a surface', ({ withoutSurface }) => String(withoutSurface)],
]

function maskParts({ cases, patients, after, before, compared, comparisons }: MaskReport): Part[] {
  return [
    {
      title: `Masks: ${cases} of ${patients} patients`,
      head: ['mean over the cases', compared.after, ...(before ? [compared.before ?? 'start model'] : [])],
      rows:
        cases === 0 ? [] : maskRows.map(([name, of]) => [name, of(after), ...(before ? [of(before)] : [])]),
    },
    { title: 'Is it better?', sentences: comparisons.map(({ sentence }) => sentence) },
  ]
}

function shareTable({ kind, shares }: ValidationReport): Table {
  const name = kind === 'classes' ? 'AUC' : 'Dice'
  const asDifference = ({ difference }: ShareRow) => {
    if (!difference) return '–'
    const { value, interval } = difference
    const range = interval ? ` [${interval.map(edge => signed(edge, 3)).join(', ')}]` : ' (no interval)'
    return `${signed(value, 3)}${range}`
  }
  return {
    title: 'With fewer labels',
    head: ['labels', 'cases', name, 'minus the largest share'],
    rows: shares.map(row => [
      `${Math.round(row.share * 100)} %`,
      String(row.cases),
      figureText(row.figure),
      asDifference(row),
    ]),
  }
}

function worstTable(report: ValidationReport, nameOf: NameOfCase): Table {
  if (report.kind === 'masks')
    return {
      title: 'Worst cases',
      head: ['case', 'Dice', 'start model'],
      rows: report.worst.map(({ at, dice, before }) => [
        nameOf(at),
        dice.toFixed(3),
        before?.toFixed(3) ?? '–',
      ]),
    }
  const { classes } = report
  return {
    title: 'Called wrongly, most confident first',
    head: ['case', 'true class', 'called', 'probability of the true class'],
    rows: report.worst.map(({ at, label, called, probability, isIndeterminate }) => [
      nameOf(at),
      `${classes[label]}${isIndeterminate ? ' (indeterminate)' : ''}`,
      classes[called],
      probability.toFixed(3),
    ]),
  }
}
