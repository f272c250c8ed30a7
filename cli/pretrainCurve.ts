// npm run pretrain:curve: the history of a pretraining run as curves (SVG), and its figures at both ends as a table.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { pretrainCurves, pretrainTitle } from '../src/training/pretrain/curves.ts'
import type { PretrainRow } from '../src/training/pretrain/performPretraining.ts'
import { readConfig } from '../src/training/pretrain/runRecord.ts'
import { curveSvg, smoothingFor, type CurvePanel } from '../src/training/run/curveSvg.ts'
import { readHistory } from '../src/training/run/history.ts'
import { folderStorage } from './support/folderStorage.ts'
import { runCommand } from './support/runCommand.ts'

const usage = 'npm run pretrain:curve -- --run RUN --out FILE.svg'
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
  const panels = pretrainCurves(rows)
  const smoothing = smoothingFor(rows.length)
  await writeFile(
    values.out,
    curveSvg(panels, { title: pretrainTitle(config), xLabel: 'updates', smoothing }),
  )
  console.log(table(panels, smoothing))
}

runCommand(main)
