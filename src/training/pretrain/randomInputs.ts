// What changes from pass to pass beside the images: the teacher's dropout, the student's stochastic depth, masks that
// attention does not choose, and the schedules' numbers. All follow from seed and step.
import { accumulateNumbersAt } from '../accumulate.ts'
import type { Triple } from '../../base/shape.ts'
import { drawKeepPattern } from '../../kernels/keepPattern.ts'
import type { NetworkConfig } from '../../network/config.ts'
import { stageGrid } from '../../network/encoder.ts'
import { Random } from '../../phantom/random.ts'
import { adamWNumbersAt } from '../optimiser.ts'
import { emaMomentum, teacherTemperature, warmupCosine } from '../schedules.ts'
import { drawMask } from './masks.ts'
import { masksByAttention, type PretrainOptions } from './options.ts'

type Feeds = Record<string, Float32Array>

/** Residual branches of an encoder: two a block. */
export function branchCount({ depths }: NetworkConfig): number {
  return 2 * depths.reduce((sum, depth) => sum + depth, 0)
}

/** Multipliers of the residual branches (SPEC 1): Bernoulli(1 − p)/(1 − p), p growing with the block. [branches · rows] */
export function drawDropPath(
  config: NetworkConfig,
  rows: number,
  rate: number,
  random: Random,
): Float32Array {
  const branches = branchCount(config)
  const blocks = branches / 2
  return Float32Array.from({ length: branches * rows }, (_, at) => {
    const p = (rate * Math.floor(at / rows / 2)) / Math.max(1, blocks - 1)
    return random.chance(1 - p) ? 1 / (1 - p) : 0
  })
}

/** Shapes of a pass's inputs beside the numbers; those that the options do not need are absent. */
export function passShapes(
  config: NetworkConfig,
  cropShape: Triple,
  options: PretrainOptions,
): Record<string, readonly number[]> {
  const rows = 2 * options.batch
  const N = stageGrid(cropShape, 2).reduce((product, side) => product * side, 1)
  return {
    images: [rows, ...cropShape, 1],
    ...(options.teacherDropRatio > 0 && { keep: [rows, ...stageGrid(cropShape, 0)] }),
    ...(!masksByAttention(options) && { mask: [rows, N] }),
    ...(options.dropPathRate > 0 && { dropPath: [branchCount(config), rows] }),
  }
}

/** The random inputs of pass `pass` (0-based, over all updates). */
export function drawPass(
  config: NetworkConfig,
  cropShape: Triple,
  options: PretrainOptions,
  pass: number,
): Feeds {
  const rows = 2 * options.batch
  const patches = stageGrid(cropShape, 0).reduce((product, side) => product * side, 1)
  const { seed, teacherDropRatio, dropPathRate } = options
  return {
    ...(teacherDropRatio > 0 && { keep: drawKeepPattern(seed, pass, rows, patches, teacherDropRatio) }),
    ...(!masksByAttention(options) && { mask: drawMask(options, stageGrid(cropShape, 2), rows, pass) }),
    ...(dropPathRate > 0 && {
      dropPath: drawDropPath(config, rows, dropPathRate, new Random(seed ^ 0xd209, pass)),
    }),
  }
}

/** Rates, temperature and momentum of an update (0-based). */
export function scheduledNumbers(step: number, options: PretrainOptions) {
  const { learningRate, warmupSteps, steps, temperatureWarmupSteps, teacherTemperatures } = options
  const [start, end] = teacherTemperatures
  // The first update of a warm-up would have a rate of 0.
  const position = step < warmupSteps ? step + 1 : step
  return {
    learningRate: warmupCosine(position, learningRate, warmupSteps, steps),
    teacherTemperature: teacherTemperature(step, temperatureWarmupSteps, start, end),
    momentum: emaMomentum(step, steps, options.teacherMomentum),
  }
}

/** All numbers of one of an update's passes, by the names that the step takes. */
export function passNumbers(step: number, part: number, options: PretrainOptions): Record<string, number> {
  const scheduled = scheduledNumbers(step, options)
  const numbers = { ...scheduled, ...adamWNumbersAt(step, scheduled.learningRate) }
  if (options.accumulate === 1) return numbers
  return { ...numbers, ...accumulateNumbersAt(part, options.accumulate) }
}
