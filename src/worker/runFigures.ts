// What is read off the last update of a run, as text.
import type { PretrainRow } from '../training/pretrain/performPretraining.ts'
import type { RunFact, RunKind, RunRow } from './trainProtocol.ts'

const short = (value: number | undefined, digits = 4): string =>
  value === undefined ? '–' : Math.abs(value) >= 1e-3 ? value.toFixed(digits) : value.toExponential(2)

function pretrainFigures(row: PretrainRow): RunFact[] {
  const losses = Object.entries(row.losses).map(([name, value]) => ({
    name: name.toUpperCase(),
    value:
      name === 'amip' && row.amipOfMean !== undefined
        ? `${short(value)} (mean: ${short(row.amipOfMean)})`
        : short(value),
  }))
  return [
    { name: 'Total', value: short(row.loss) },
    ...losses,
    { name: 'Learning rate', value: row.learningRate.toExponential(2) },
    { name: 'Teacher’s temperature', value: short(row.teacherTemperature) },
    { name: 'Teacher’s momentum', value: row.teacherMomentum.toFixed(5) },
    { name: 'Teacher to student', value: short(row.teacherDistance) },
    { name: 'Feature spread', value: short(row.featureSpread) },
    { name: 'Crops a second', value: row.cropsPerSecond.toFixed(2) },
  ]
}

export function figuresOf(kind: RunKind, row: RunRow): readonly RunFact[] {
  return kind === 'pretrain' ? pretrainFigures(row as PretrainRow) : []
}
