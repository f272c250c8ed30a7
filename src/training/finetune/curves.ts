// The curves of a fine-tuning run, and what it is in words: for the page, files and lists.
import type { CurvePanel } from '../run/curveSvg.ts'
import type { FinetuneRow, ValidationFigures } from './figures.ts'
import type { FinetuneSettings } from './settings.ts'

const training = '#1f6fb2'
const watched = '#c2571a'

/** The last known value at each update; NaN before the first. */
function carried(values: readonly (number | undefined)[]): number[] {
  let last = NaN
  return values.map(value => (last = value ?? last))
}

/** Curves over a run's updates: training loss, and at the end of each epoch what the cases say that it does not learn from. */
export function finetuneCurves(rows: readonly FinetuneRow[]): CurvePanel[] {
  const learning = rows.filter(({ loss }) => loss !== null)
  const judged = (read: (figures: ValidationFigures) => number) =>
    rows.map(({ validation }) => validation && read(validation))
  const name = rows.find(({ validation }) => validation)?.validation?.scoreName
  const loss = judged(figures => figures.loss)
  const score = judged(figures => figures.score)
  const panels: CurvePanel[] = []
  if (learning.length > 0)
    panels.push({
      yLabel: 'loss',
      series: [
        { name: 'training', colour: training, values: carried(rows.map(row => row.loss ?? undefined)) },
        ...(name ? [{ name: 'not learnt from', colour: watched, values: carried(loss) }] : []),
      ],
    })
  if (name)
    panels.push({
      yLabel: `${name} of cases that it does not learn from`,
      range: [0, 1],
      series: [{ name, colour: watched, values: carried(score) }],
    })
  if (learning.length > 0) {
    const values = rows.map(({ learningRate }) => learningRate)
    panels.push({ yLabel: 'learning rate', series: [{ name: 'learning rate', colour: training, values }] })
  }
  return panels
}

export const taskWords = { segment: 'Outline', classify: 'Classify', respond: 'Response' } as const
export const methodWords = {
  probe: 'linear probe',
  head: 'head only',
  full: 'everything',
  lora: 'adapters',
} as const

/** Settings of a run as names and values, for people. */
export function describeFinetuning(settings: FinetuneSettings): { name: string; value: string }[] {
  const { task, method, start, validation, labelShare, epochs, batch, accumulate, seed } = settings
  const judged =
    validation.kind === 'folds'
      ? `${validation.folds} folds by patient`
      : `hold-out, ${Math.round(validation.test * 100)} % of the patients`
  const trained = [
    { name: 'Epochs', value: String(epochs) },
    { name: 'Batch', value: accumulate > 1 ? `${batch} × ${accumulate}` : String(batch) },
    { name: 'Learning rate', value: settings.learningRate.toExponential(1) },
  ]
  return [
    { name: 'Task', value: taskWords[task] },
    { name: 'Method', value: methodWords[method] },
    { name: 'Start', value: start === 'scratch' ? 'from scratch' : `${start.name} ${start.version}` },
    { name: 'Judged', value: judged },
    { name: 'Labels', value: `${Math.round(labelShare * 100)} %` },
    ...(method === 'probe' ? [] : trained),
    { name: 'Seed', value: String(seed) },
  ]
}

/** Stands over the curves in a file. */
export function finetuneTitle({ task, method }: FinetuneSettings, cases: number): string {
  return `${taskWords[task]}, ${methodWords[method]}, ${cases} cases; research use, not for clinical use`
}
