// Fixtures of SMART pretraining: one fully documented step and the losses of the steps after it.
import { hashUniform } from '../../../network/initialise.ts'
import { attentionMask } from '../../../kernels/topKMask.ts'
import { parameterShapes } from '../../../network/parameters.ts'
import { biasCorrections } from '../../optimiser.ts'
import { defaultOptions } from '../../pretrain/options.ts'
import { teacherPass, type PassSettings } from '../../pretrain/passes.ts'
import { pretrainStep } from '../../pretrain/stepProgram.ts'
import { compareChecksum, compareTensor, hasPassed, type Check } from '../compare.ts'
import { namesUnder, type Fixture, type HostTensor, type HostTensors } from '../fixture.ts'
import type { Path, WholeOperation } from '../operation.ts'
import { imagesChannelsLast } from './training.ts'
import { hashedWeights, isMaskComparable, networkConfigOf } from './whole.ts'

/** A row of the JSON's parameter table; checksums are [sum, l2, dot]. */
interface ParameterRow {
  readonly grad?: readonly number[]
  readonly student_updated?: readonly number[]
  readonly student_delta?: readonly number[]
  readonly student_delta_atol?: number
  readonly teacher_updated?: readonly number[]
  readonly teacher_delta?: readonly number[]
  readonly teacher_delta_atol?: number
}

type LossRow = Readonly<Record<string, { value: number; atol: number } | number>>

function settingsOf(fixture: Fixture): PassSettings {
  const c = fixture.config
  return {
    config: networkConfigOf(fixture),
    options: {
      ...defaultOptions(1),
      studentTemperature: Number(c.student_temp),
      centreMomentum: Number(c.center_momentum),
      weightDecay: Number(c.weight_decay),
    },
  }
}

function withPrefix(prefix: string, tensors: HostTensors): HostTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]))
}

function scalar(value: number): HostTensor {
  return { shape: [], data: Float32Array.of(value) }
}

/** Everything that a step reads and the next one gets from it. */
function startState(fixture: Fixture, { config }: PassSettings): HostTensors {
  const shapes = parameterShapes(config, { sa: true, projectionHeads: true, recHead: true })
  const student = hashedWeights(shapes, Number(fixture.config.student_hash_seed))
  const teacherShapes = Object.fromEntries(
    Object.entries(shapes).filter(([name]) => !name.startsWith('rec_head')),
  )
  const teacher = hashedWeights(teacherShapes, Number(fixture.config.teacher_hash_seed))
  const zeros = Object.fromEntries(
    Object.entries(student).map(([name, { shape, data }]) => [
      name,
      { shape, data: new Float32Array(data.length) },
    ]),
  )
  const centres = ['aitd', 'ampd', 'gitd'].map(head => [
    `center_${head}`,
    fixture.tensors[`in.center_${head}`],
  ])
  return {
    ...withPrefix('p', student),
    ...withPrefix('m', zeros),
    ...withPrefix('v', zeros),
    ...withPrefix('t', teacher),
    ...(Object.fromEntries(centres) as HostTensors),
    images: imagesChannelsLast(fixture.tensors['in.images']),
    keep: fixture.tensors['in.keep'],
    mask: fixture.tensors['in.mask'],
    teacherTemperature: scalar(Number(fixture.config.teacher_temp)),
    momentum: scalar(Number(fixture.config.ema_momentum)),
  }
}

function pick(state: HostTensors, keeps: (name: string) => boolean): HostTensors {
  return Object.fromEntries(Object.entries(state).filter(([name]) => keeps(name)))
}

function difference(after: HostTensor, before: HostTensor): Float64Array {
  return Float64Array.from(after.data, (value, i) => value - before.data[i])
}

/**
 * What the elements whose gradient is rounding noise (below 1e-5 of the tensor's root mean square) can add to a
 * checksum: AdamW's first step has the size of the learning rate whatever the gradient's size, so their sign is chance.
 * 1e-5: sums of some hundred terms in single precision (6e-8 each) that nearly cancel. With 1e-6 an element of the first
 * patch merging passed on one make of processor and not on another, which adds in another order.
 */
function noisyStep(name: string, gradient: HostTensor | undefined, learningRate: number): StepNoise {
  if (!gradient) return { elements: 0, amount: 0 }
  const data = Float64Array.from(gradient.data)
  const noise = 1e-5 * Math.sqrt(data.reduce((sum, g) => sum + g * g, 0) / data.length)
  const probe = hashUniform(name, 777, data.length, 0, 1)
  const noisy = Array.from(data.keys()).filter(i => Math.abs(data[i]) < noise)
  return {
    elements: noisy.length,
    amount: noisy.reduce((sum, i) => sum + 2 * learningRate * Math.abs(probe[i]), 0),
  }
}

interface StepNoise {
  readonly elements: number
  readonly amount: number
}

/** The check with room for noise-driven elements, saying so. */
function allowNoise(check: Check, noise: StepNoise): Check {
  if (noise.elements === 0) return check
  const remark = `${check.tensor} with room for ${noise.elements} elements whose gradient is rounding noise`
  return { ...check, tolerance: check.tolerance + noise.amount, remark }
}

/** Gradient, updated value and change of every parameter, by the JSON's checksums. */
function checkTables(
  fixture: Fixture,
  before: HostTensors,
  after: HostTensors,
  learningRate: number,
): Check[] {
  const noise = new Set((fixture.json.noise_driven as { names?: string[] } | undefined)?.names ?? [])
  const checks: Check[] = []
  const rows = (fixture.json.parameters ?? {}) as Record<string, ParameterRow>
  for (const [name, row] of Object.entries(rows)) {
    const add = (
      what: string,
      data: ArrayLike<number> | undefined,
      want: readonly number[],
      tolerance: number,
    ) => checks.push(compareChecksum(`${what} of ${name}`, name, data ?? [NaN], want, tolerance))
    if (row.grad) add('gradient', after[`grad.${name}`]?.data, row.grad, 1e-3 * row.grad[1] + 1e-6)
    if (noise.has(name)) continue
    const stepNoise = noisyStep(name, after[`grad.${name}`], learningRate)
    for (const [who, prefix] of [
      ['student', 'p'],
      ['teacher', 't'],
    ] as const) {
      const old = before[`${prefix}.${name}`]
      const updated = after[`${prefix}.${name}`] ?? old
      const value = row[`${who}_updated`]
      const delta = row[`${who}_delta`]
      if (value) add(`updated ${who}`, updated?.data, value, 2e-4 * value[1] + 1e-6)
      if (delta) {
        const atol = row[`${who}_delta_atol`] ?? 0
        const change = updated ? difference(updated, old) : [NaN]
        const check = compareChecksum(`${who}'s change of ${name}`, name, change, delta, atol)
        checks.push(hasPassed(check) || who === 'teacher' ? check : allowNoise(check, stepNoise))
      }
    }
  }
  return checks
}

/** The tensors of the first step, computed from the fixture's own masks. */
async function checkFirstStep(
  fixture: Fixture,
  path: Path,
  state: HostTensors,
  after: HostTensors,
): Promise<Check[]> {
  const { mask_ratio: ratio, hint_ratio: hint } = fixture.config
  const clean = await path.run(
    t => ({ satt: teacherPass(settingsOf(fixture))(t).teacher_satt }),
    pick(state, name => name === 'images'),
    pick(state, name => name.startsWith('t.')),
  )
  const masks = await path.run(t => ({ mask: attentionMask(t.satt, Number(ratio), Number(hint)) }), {
    satt: after.teacher_satt,
  })
  const got: HostTensors = { ...after, teacher_satt_without_dropout: clean.satt }
  const checks = namesUnder(fixture, 'out.').map(name => compareTensor(fixture, name, got[name.slice(4)]))
  const satt = compareTensor(fixture, 'out.teacher_satt', after.teacher_satt).error
  if (isMaskComparable(fixture, satt)) checks.push(compareTensor(fixture, 'in.mask', masks.mask))
  return checks
}

async function checkPretraining(fixture: Fixture, path: Path): Promise<Check[]> {
  const settings = settingsOf(fixture)
  let state = startState(fixture, settings)
  const checks: Check[] = []
  let prepared: Awaited<ReturnType<Path['prepare']>> | undefined
  for (const [step, row] of (fixture.json.losses as LossRow[]).entries()) {
    const [correction1, correction2] = biasCorrections(step + 1).map(scalar)
    const learningRate = scalar((fixture.config.lr as number[])[step])
    const inputs = { ...state, learningRate, correction1, correction2 }
    prepared ??= await path.prepare(pretrainStep(settings), inputs)
    const after = await prepared.run(inputs)
    for (const [loss, want] of Object.entries(row)) {
      if (typeof want === 'number') continue
      const error = Math.abs(after[loss].data[0] - want.value)
      checks.push({ tensor: `${loss} of step ${step}`, error, tolerance: want.atol })
    }
    if (step === 0) {
      checks.push(...(await checkFirstStep(fixture, path, state, after)))
      checks.push(...checkTables(fixture, state, after, (fixture.config.lr as number[])[step]))
    }
    state = { ...state, ...pick(after, name => name in state) }
  }
  await prepared?.release()
  return checks
}

export const pretrainOperations: Record<string, WholeOperation> = {
  pretrain_step: { kind: 'whole', check: checkPretraining },
}
