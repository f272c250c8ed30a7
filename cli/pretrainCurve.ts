// npm run pretrain:curve: the history of a pretraining run as curves (SVG), and its figures at both ends as a table.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import type { LossName } from '../src/training/pretrain/options.ts'
import type { PretrainRow } from '../src/training/pretrain/performPretraining.ts'
import { readConfig } from '../src/training/pretrain/runRecord.ts'
import { curveSvg, type CurvePanel, type CurveSeries } from '../src/training/run/curveSvg.ts'
import { readHistory } from '../src/training/run/history.ts'
import { folderStorage } from './support/folderStorage.ts'
import { runCommand } from './support/runCommand.ts'

const usage = 'npm run pretrain:curve -- --run RUN --out FILE.svg'
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

function panelsOf(rows: readonly PretrainRow[]): CurvePanel[] {
  const panels: CurvePanel[] = [
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
  ]
  return panels.filter(({ series }) => series.length > 0)
}

function table(panels: readonly CurvePanel[], smoothing: number): string {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const rows = panels.flatMap(({ yLabel, series }) =>
    series.map(({ name, values }) => {
      const [first, last] = [values.slice(0, smoothing), values.slice(-smoothing)].map(mean)
      return `| ${yLabel}: ${name} | ${first.toFixed(3)} | ${last.toFixed(3)} |`
    }),
  )
  return [
    `| mean of | first ${smoothing} updates | last ${smoothing} updates |`,
    '| --- | --- | --- |',
    ...rows,
  ].join('\n')
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { run: { type: 'string' }, out: { type: 'string' } } })
  if (!values.run || !values.out) throw new InputError(`A run and a file are expected. Usage: ${usage}`)
  const storage = folderStorage(values.run)
  const config = await readConfig(storage)
  const rows = await readHistory<PretrainRow>(storage)
  if (!config || rows.length === 0)
    throw new InputError(`There is no pretraining run with a history in ${values.run}; name a run's folder.`)
  const panels = panelsOf(rows)
  const smoothing = Math.max(1, Math.min(50, Math.floor(rows.length / 10)))
  const { preset, options, data } = config
  const title = `Pretraining of ${preset}, ${options.masking} masks, on ${data.join(' and ')}; research use, not for clinical use`
  await writeFile(values.out, curveSvg(panels, { title, xLabel: 'updates', smoothing }))
  console.log(table(panels, smoothing))
}

runCommand(main)
