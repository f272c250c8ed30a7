// npm run forecast: the GPU memory that training steps take, computed without a GPU.
//   [--preset NAME] [--crop 32|64|96…] [--batch N]: one row of each task; without: every preset at its usual crops
import { parseArgs } from 'node:util'
import { DeviceMemoryError, InputError } from '../src/base/errors.ts'
import { presets } from '../src/network/config.ts'
import { elementCount } from '../src/network/parameters.ts'
import { assumedLimits, forecastStep } from '../src/training/forecastStep.ts'
import { recipeFor, type Task } from '../src/training/recipe.ts'
import { recipeOptions } from '../src/training/recipeStep.ts'
import { supervisedStep } from '../src/training/supervisedStep.ts'
import { runCommand } from './support/runCommand.ts'

interface Row {
  readonly task: Task
  readonly preset: keyof typeof presets
  readonly crop: number
  readonly batch: number
}

/** Crops that each preset is trained on: ours by the recipe, the papers' sizes for theirs. */
const usualRows: readonly Row[] = (['segment', 'classify'] as const).flatMap((task): Row[] => {
  const { batch } = recipeFor(task, 'demo')
  return [
    { task, preset: 'demo', crop: 32, batch },
    { task, preset: 'tiny', crop: 32, batch },
    { task, preset: 'small', crop: 96, batch: 1 },
    { task, preset: 'base', crop: 96, batch: 1 },
  ]
})

function readWhole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`--${name} is “${text}”; a whole number from 1 is expected.`)
  return value
}

function readRows(): readonly Row[] {
  const { values } = parseArgs({
    options: { preset: { type: 'string' }, crop: { type: 'string' }, batch: { type: 'string' } },
  })
  const { preset, crop, batch } = values
  if (preset === undefined && crop === undefined && batch === undefined) return usualRows
  if (preset !== undefined && !Object.hasOwn(presets, preset))
    throw new InputError(`There is no preset “${preset}”; choose one of ${Object.keys(presets).join(', ')}.`)
  return usualRows
    .filter(row => preset === undefined || row.preset === preset)
    .map(row => ({
      ...row,
      crop: crop === undefined ? row.crop : readWhole('crop', crop),
      batch: batch === undefined ? row.batch : readWhole('batch', batch),
    }))
}

const mebibytes = (bytes: number) => String(Math.ceil(bytes / 2 ** 20))

function describe({ task, preset, crop, batch }: Row): string[] {
  const recipe = recipeFor(task, preset)
  const entry = { ...recipe.entry, shape: [crop, crop, crop] as const }
  const definition = supervisedStep(recipeOptions(task, { ...recipe, entry, batch }))
  const numbers = Object.values(definition.state.parameters).map(elementCount)
  const parameters = numbers.reduce((sum, count) => sum + count, 0)
  const begin = [task, preset, `${crop}³`, String(batch), `${(parameters / 1e6).toFixed(1)} M`]
  const forecastOn = (name: keyof typeof assumedLimits) => {
    try {
      return forecastStep(definition, assumedLimits[name])
    } catch (error) {
      if (!(error instanceof DeviceMemoryError)) throw error
      return undefined
    }
  }
  const forecast = forecastOn('desktop')
  if (!forecast) return [...begin, '–', '–', '–', '–', 'no', 'no']
  const { resident, arena, readback, total } = forecast
  const isEverywhere = forecastOn('default') !== undefined
  return [...begin, ...[resident, arena, readback, total].map(mebibytes), 'yes', isEverywhere ? 'yes' : 'no']
}

const headline = [
  ...['task', 'preset', 'crop', 'batch', 'parameters'],
  ...['state MiB', 'work MiB', 'copies MiB', 'all MiB', 'desktop', 'default limits'],
]

async function main(): Promise<void> {
  const rows = [headline, ...readRows().map(describe)]
  const widths = headline.map((_, column) => Math.max(...rows.map(row => row[column].length)))
  for (const row of rows)
    console.log(
      row.map((text, column) => text[column < 2 ? 'padEnd' : 'padStart'](widths[column])).join('  '),
    )
  console.log(
    'state: parameters, moments and averages; copies: the state on its way to a checkpoint; desktop: 2 GiB a binding, 4 GiB a buffer; default limits: those that every WebGPU device has.',
  )
}

runCommand(main)
