// One pretraining update as one traced function (SPEC section 6): teacher, mask, student, losses with the old centres,
// centres, gradients, AdamW, then the teacher from the updated student. It has no control flow that depends on data:
// what changes from step to step (randomness, rates, temperature, momentum) comes in as tensors, so that one graph
// serves the run. State: p.NAME student, m.NAME and v.NAME moments, t.NAME teacher, center_HEAD, and where gradients of
// several passes make one update g.NAME and count_HEAD, their sums so far.
import * as tf from '@tensorflow/tfjs-core'
import { stageGrid } from '../../network/encoder.ts'
import { semanticStage } from '../../network/config.ts'
import { under } from '../../network/parameters.ts'
import { addShare, choose } from '../accumulate.ts'
import { adamWUpdates, defaultAdamW, emaUpdate, lossAndGradients } from '../optimiser.ts'
import { updateCentre } from '../pretrainLosses.ts'
import { maskFromAttention } from './masks.ts'
import { distillationLosses, isOn, masksByAttention } from './options.ts'
import { studentPass, teacherPass, type PassSettings, type Tensors } from './passes.ts'

/** Whether the optimiser may touch a parameter: weight_g stays 1 (SPEC 5). */
function isTrainable(name: string): boolean {
  return !name.endsWith('weight_g')
}

/** Share of the largest possible entropy, and of the entropy of the mean answer: 1 = uniform, 0 = one prototype. */
function entropies(teacher: tf.Tensor, centre: tf.Tensor, temperature: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const K = centre.size
  const entropy = (share: tf.Tensor) =>
    tf.div(tf.neg(tf.sum(tf.mul(share, tf.log(tf.add(share, 1e-12))), -1)), Math.log(K))
  const share = tf.softmax(tf.div(tf.sub(tf.reshape(teacher, [-1, K]), tf.reshape(centre, [K])), temperature)) // [rows, K]
  return [tf.mean(entropy(share)), entropy(tf.mean(share, 0))]
}

/** ‖teacher − student‖ / ‖student‖ over all parameters that both have. */
function relativeDistance(teacher: Tensors, student: Tensors): tf.Tensor {
  const squares = (values: readonly tf.Tensor[]) =>
    tf.addN(values.map(value => tf.sum(tf.square(tf.reshape(value, [-1])))))
  const names = Object.keys(teacher)
  const apart = squares(names.map(name => tf.sub(teacher[name], student[name])))
  return tf.sqrt(tf.div(apart, squares(names.map(name => student[name]))))
}

/** The mask of this pass: from the attention of the teacher's pass on the same view, or the one that was fed. */
function maskOf(t: Tensors, teacher: Tensors, { config, options }: PassSettings): tf.Tensor {
  if (t.mask || !masksByAttention(options)) return t.mask
  const sides = t.images.shape.slice(1, 4)
  return maskFromAttention(
    teacher.teacher_satt,
    stageGrid(sides, semanticStage(config)),
    stageGrid(sides, 2),
    options,
  )
}

/** Gradients of the student's total loss where it reaches, and what the pass gave. */
function differentiate(t: Tensors, settings: PassSettings) {
  const p = under(t, 'p.')
  const passed: Tensors = {}
  const trainable = Object.fromEntries(Object.entries(p).filter(([name]) => isTrainable(name)))
  const { gradients } = lossAndGradients(() => {
    const { losses, outputs } = studentPass(t, p, settings)
    Object.assign(passed, losses, outputs)
    Object.values(passed).forEach(tensor => tf.keep(tensor))
    return losses.total
  }, trainable)
  return { passed, gradients }
}

/** This pass's share of a sum over the passes of an update; `carry` is 0 at the first of them. */
function accumulate(t: Tensors, name: string, value: tf.Tensor, share: number): tf.Tensor {
  return addShare(t.carry, t[name], value, share)
}

function updateCentres(t: Tensors, settings: PassSettings, result: Tensors): void {
  const { options } = settings
  for (const head of distillationLosses.filter(loss => isOn(options, loss))) {
    const name = `center_${head}`
    const K = t[name].size
    if (!t.carry) {
      result[name] = updateCentre(t[name], t[`teacher_${head}`], options.centreMomentum)
      continue
    }
    const mean = tf.mean(tf.reshape(t[`teacher_${head}`], [-1, K]), 0)
    const sum = accumulate(t, `count_${head}`, mean, 1 / options.accumulate)
    result[`count_${head}`] = sum
    result[name] = choose(
      t.isLast,
      updateCentre(t[name], tf.reshape(sum, [1, K]), options.centreMomentum),
      t[name],
    )
  }
}

function watch(t: Tensors, settings: PassSettings, result: Tensors): void {
  for (const head of distillationLosses.filter(loss => isOn(settings.options, loss))) {
    const temperature = t.teacherTemperature
    const [each, ofMean] = entropies(t[`teacher_${head}`], t[`center_${head}`], temperature)
    result[`entropy_${head}`] = each
    result[`spread_${head}`] = ofMean
  }
}

/** AdamW on the gradients of all passes of the update; in passes before the last, everything stays. */
function updateStudent(t: Tensors, gradients: Tensors, settings: PassSettings, result: Tensors): Tensors {
  const share = 1 / settings.options.accumulate
  const sums = Object.fromEntries(
    Object.entries(gradients).map(([name, gradient]) => [name, accumulate(t, `g.${name}`, gradient, share)]),
  )
  const groups = { parameters: under(t, 'p.'), m: under(t, 'm.'), v: under(t, 'v.') }
  const adamW = { ...defaultAdamW, weightDecay: settings.options.weightDecay }
  const next = adamWUpdates(groups, sums, t as Record<string, tf.Scalar>, adamW)
  for (const [name, sum] of Object.entries(sums)) {
    result[`grad.${name}`] = sum
    if (t.carry) result[`g.${name}`] = sum
    result[`p.${name}`] = choose(t.isLast, next.parameters[name], groups.parameters[name])
    result[`m.${name}`] = choose(t.isLast, next.m[name], groups.m[name])
    result[`v.${name}`] = choose(t.isLast, next.v[name], groups.v[name])
  }
  return { ...groups.parameters, ...under(result, 'p.') }
}

/** The teacher from the updated student; its mask token is never used. */
function updateTeacher(t: Tensors, student: Tensors, result: Tensors): void {
  for (const [name, old] of Object.entries(under(t, 't.')))
    if (name !== 'encoder.mask_token')
      result[`t.${name}`] = choose(t.isLast, emaUpdate(old, student[name], t.momentum as tf.Scalar), old)
}

/**
 * The step of `settings`. Inputs beside the state: images [2B,D,H,W,1], teacherTemperature, momentum, learningRate,
 * correction1, correction2; keep where the teacher is noisy, mask where attention does not give it, dropPath where depth
 * is stochastic; carry and isLast where passes are accumulated. Results are the new state under its old names, grad.NAME,
 * the losses, what both passes gave, and what the run watches.
 */
export function pretrainStep(settings: PassSettings): (t: Tensors) => Tensors {
  return inputs => {
    const teacher = teacherPass(settings)(inputs)
    const t: Tensors = { ...inputs, ...teacher, mask: maskOf(inputs, teacher, settings) }
    const { passed, gradients } = differentiate(t, settings)
    const result: Tensors = { ...teacher, ...passed, mask: t.mask }
    updateCentres(t, settings, result)
    watch(t, settings, result)
    const student = updateStudent(t, gradients, settings, result)
    updateTeacher(t, student, result)
    result.teacher_distance = relativeDistance(under(result, 't.'), student)
    return result
  }
}
