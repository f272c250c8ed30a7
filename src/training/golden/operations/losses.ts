// Fixtures of losses and of the updates of weights: AdamW and the momentum teacher.
import * as tf from '@tensorflow/tfjs-core'
import { reconstructBlocks } from '../../../network/heads.ts'
import { under } from '../../../network/parameters.ts'
import { diceCrossEntropy, softmaxCrossEntropy } from '../../losses.ts'
import { adamWUpdate, biasCorrections, emaUpdate } from '../../optimiser.ts'
import { crossViewLoss, maskedTokenLoss, reconstructionLoss, updateCentre } from '../../pretrainLosses.ts'
import type { Fixture } from '../fixture.ts'
import { toChannelsFirst, toChannelsLast } from '../layout.ts'
import type { GraphOperation, Tensors } from '../operation.ts'

interface DiceVariant {
  readonly squared: boolean
  readonly nr: number
  readonly dr: number
  readonly include_background?: boolean
}

function diceOutputs(t: Tensors, fixture: Fixture): Tensors {
  const outputs: Tensors = {}
  const logits = toChannelsLast(t['in.logits'])
  const variants = fixture.config.variants as Record<string, DiceVariant>
  for (const [name, { squared, nr, dr, include_background: includeBackground = true }] of Object.entries(
    variants,
  )) {
    const options = { squared, nr, dr, includeBackground }
    const { dice, crossEntropy, total } = diceCrossEntropy(logits, t['in.labels'], options)
    outputs[name] = total
    outputs[`${name}.dice`] = dice
    outputs[`${name}.ce`] = crossEntropy
  }
  return outputs
}

function pretrainingOutputs(t: Tensors, fixture: Fixture): Tensors {
  const { student_temp, teacher_temp, center_momentum, weights } = fixture.config
  const temperatures = { student: Number(student_temp), teacher: Number(teacher_temp) }
  const of = (name: string) => [t[`in.${name}`], t[`in.teacher_${name}`], t[`in.center_${name}`]] as const
  const losses: Tensors = {
    amip: reconstructionLoss(t['in.rec'], t['in.image'], t['in.voxel_mask']),
    ampd: maskedTokenLoss(...of('ampd'), t['in.mask'], temperatures),
    aitd: crossViewLoss(...of('aitd'), temperatures),
    gitd: crossViewLoss(...of('gitd'), temperatures),
  }
  const terms = Object.values(losses).map((loss, at) => tf.mul(loss, (weights as number[])[at]))
  const centres = ['aitd', 'ampd', 'gitd'].map(name => {
    const [, teacher, centre] = of(name)
    return [`center_${name}`, updateCentre(centre, teacher, Number(center_momentum))]
  })
  return { ...losses, total: tf.addN(terms), ...(Object.fromEntries(centres) as Tensors) }
}

/** All steps of the fixture, one after the other; a parameter without a gradient in a step is not touched by it. */
function adamWOutputs(t: Tensors, fixture: Fixture): Tensors {
  const { betas, eps, weight_decay, lr } = fixture.config
  const [beta1, beta2] = betas as [number, number]
  const options = { beta1, beta2, epsilon: Number(eps), weightDecay: Number(weight_decay) }
  const outputs: Tensors = {}
  const names = Object.keys(under(t, 'in.')).filter(name => !name.startsWith('grad.'))
  for (const name of names) {
    const start = t[`in.${name}`]
    let state = { parameter: start, m: tf.zerosLike(start), v: tf.zerosLike(start) }
    let updates = 0
    ;(lr as number[]).forEach((rate, step) => {
      const gradient = t[`in.grad.${name}.${step}`]
      if (gradient) {
        updates += 1
        state = adamWUpdate(state, gradient, rate, biasCorrections(updates, options), options)
      }
      outputs[`${name}.${step}`] = state.parameter
      outputs[`m.${name}.${step}`] = state.m
      outputs[`v.${name}.${step}`] = state.v
    })
  }
  return outputs
}

export const lossOperations: Record<string, GraphOperation> = {
  softmax_cross_entropy: {
    kind: 'graph',
    isQuick: true,
    outputs: t => ({
      ce: softmaxCrossEntropy(t['in.logits'], t['in.labels']),
      ce_weighted: softmaxCrossEntropy(t['in.logits'], t['in.labels'], t['in.class_weights']),
    }),
  },
  dice_ce: {
    kind: 'graph',
    isQuick: true,
    outputs: diceOutputs,
    differentiated: fixture => Object.keys(fixture.config.variants as object),
  },
  losses: {
    kind: 'graph',
    isQuick: true,
    outputs: pretrainingOutputs,
    differentiated: () => ['amip', 'ampd', 'aitd', 'gitd'],
  },
  rec_head_amip: {
    kind: 'graph',
    outputs: (t, fixture) => {
      const x = toChannelsLast(t['in.x'])
      const rec = reconstructBlocks(under(t, 'param.'), x, Number(fixture.config.stride))
      const amip = reconstructionLoss(rec, toChannelsLast(t['in.image']), toChannelsLast(t['in.voxel_mask']))
      return { amip, rec: toChannelsFirst(rec) }
    },
  },
  adamw: { kind: 'graph', outputs: adamWOutputs },
  ema: {
    kind: 'graph',
    outputs: (t, fixture) => ({
      teacher: emaUpdate(t['in.teacher'], t['in.student'], Number(fixture.config.momentum)),
    }),
  },
}
