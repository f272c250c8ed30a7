// The curves of a pretraining run: which figures of its history belong into one panel.
import type { CurvePanel, CurveSeries } from '../run/curveSvg.ts'
import type { LossName } from './options.ts'
import type { PretrainRow } from './performPretraining.ts'
import type { PretrainSettings } from './runRecord.ts'

const colours = ['#1f6fb2', '#c2571a', '#2f8f4e', '#8a4fb0']

type Reading = (row: PretrainRow) => number | undefined

/** Those of the readings that the run has. */
function seriesOf(rows: readonly PretrainRow[], readings: Readonly<Record<string, Reading>>): CurveSeries[] {
  return Object.entries(readings).flatMap(([name, read], at) =>
    read(rows[0]) === undefined
      ? []
      : [{ name, colour: colours[at % colours.length], values: rows.map(row => read(row)!) }],
  )
}

const heads: readonly LossName[] = ['ampd', 'aitd', 'gitd']

function byHead(read: (row: PretrainRow, head: LossName) => number | undefined): Record<string, Reading> {
  return Object.fromEntries(
    heads.map(head => [head.toUpperCase(), (row: PretrainRow) => read(row, head)] as const),
  )
}

/** Curves of a run's updates; empty before the first. */
export function pretrainCurves(rows: readonly PretrainRow[]): CurvePanel[] {
  if (rows.length === 0) return []
  const panels: CurvePanel[] = [
    { yLabel: 'all losses, weighted', series: seriesOf(rows, { total: row => row.loss }) },
    {
      yLabel: 'masked L1',
      series: seriesOf(rows, {
        AMIP: row => row.losses.amip,
        'predicting the mean': row => row.amipOfMean,
      }),
    },
    {
      yLabel: 'cross entropy',
      series: seriesOf(
        rows,
        byHead((row, head) => row.losses[head]),
      ),
    },
    {
      yLabel: 'entropy of the answers (share)',
      series: seriesOf(
        rows,
        byHead((row, head) => row.entropy[head]),
      ),
    },
    {
      yLabel: 'entropy of the mean answer (share)',
      series: seriesOf(
        rows,
        byHead((row, head) => row.entropyOfMean[head]),
      ),
    },
    {
      yLabel: 'distance, spread',
      series: seriesOf(rows, {
        'teacher to student': row => row.teacherDistance,
        'features over crops': row => row.featureSpread,
      }),
    },
    { yLabel: 'learning rate', series: seriesOf(rows, { 'learning rate': row => row.learningRate }) },
  ]
  return panels.filter(({ series }) => series.length > 0)
}

/** Stands over the curves in a file. */
export function pretrainTitle({ preset, options, data }: PretrainSettings): string {
  return `Pretraining of ${preset}, ${options.masking} masks, on ${data.join(' and ')}; research use, not for clinical use`
}
