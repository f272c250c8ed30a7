import { describe, expect, it } from 'vitest'
import { DeviceMemoryError } from '../base/errors.ts'
import { elementCount } from '../network/parameters.ts'
import type { presets } from '../network/config.ts'
import { assumedLimits, forecastStep } from './forecastStep.ts'
import { recipeFor, type Task } from './recipe.ts'
import { recipeOptions } from './recipeStep.ts'
import { supervisedStep } from './supervisedStep.ts'

function stepOf(task: Task, preset: keyof typeof presets, side: number, batch: number) {
  const recipe = recipeFor(task, preset)
  const entry = { ...recipe.entry, shape: [side, side, side] as const }
  return supervisedStep(recipeOptions(task, { ...recipe, entry, batch }))
}

describe('the forecast of a training step', () => {
  // The papers' crops for their presets; ours is trained at 32³.
  it.each([
    ['segment', 'demo', 32],
    ['segment', 'tiny', 32],
    ['segment', 'small', 96],
    ['segment', 'base', 96],
    ['classify', 'base', 96],
  ] as const)('compiles to %s with %s at %i³ on a desktop GPU of 8 GB', (task, preset, side) => {
    const definition = stepOf(task, preset, side, 1)
    const { resident, total } = forecastStep(definition, assumedLimits.desktop)
    const floats = Object.values(definition.state.parameters).map(elementCount)
    // Parameters, two moments and averages, each once, less what no loss reaches, plus the gaps of alignment.
    const state = 16 * floats.reduce((sum, count) => sum + count, 0)
    expect(resident).toBeGreaterThan(0.7 * state)
    expect(resident).toBeLessThan(1.05 * state)
    expect(total).toBeLessThan(8e9)
  })

  it('says when a device cannot hold it', () => {
    // 48 channels of 128³ voxels are 384 MiB; a buffer of the default limits holds 256.
    const definition = stepOf('segment', 'small', 128, 1)
    expect(() => forecastStep(definition, assumedLimits.default)).toThrow(DeviceMemoryError)
  })
})
