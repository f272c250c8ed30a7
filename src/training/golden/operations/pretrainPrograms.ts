// The two tensor programs of a pretraining step (SPEC section 6): the teacher's pass, and the student's whole update.
// Input and output names: p.NAME student, m.NAME and v.NAME moments, t.NAME teacher, grad.NAME gradients.
import * as tf from '@tensorflow/tfjs-core'
import type { NetworkConfig } from '../../../network/config.ts'
import { stageGrid } from '../../../network/encoder.ts'
import { expandMask } from '../../../kernels/expandMask.ts'
import { pretrainOutputs, prototypeLogits } from '../../../network/network.ts'
import { under } from '../../../network/parameters.ts'
import { adamWUpdate, emaUpdate, type AdamWOptions } from '../../optimiser.ts'
import { crossViewLoss, maskedTokenLoss, reconstructionLoss, updateCentre } from '../../pretrainLosses.ts'
import type { Program, Tensors } from '../operation.ts'

export interface PretrainSettings {
  readonly config: NetworkConfig
  readonly studentTemp: number
  readonly teacherTemp: number
  readonly centreMomentum: number
  readonly emaMomentum: number
  readonly adamW: AdamWOptions
}

/** Inputs t.*, images, keep (absent: no patch dropout) → teacher_aitd, teacher_ampd, teacher_gitd, teacher_satt. */
export function teacherProgram(config: NetworkConfig): Program {
  return t => {
    const { aitd, ampd, gitd, attention } = prototypeLogits(under(t, 't.'), t.images, config, {
      keep: t.keep,
    })
    return { teacher_aitd: aitd, teacher_ampd: ampd, teacher_gitd: gitd, teacher_satt: attention.satt }
  }
}

interface StudentPass {
  readonly losses: Record<'amip' | 'ampd' | 'aitd' | 'gitd' | 'total', tf.Scalar>
  readonly outputs: Tensors
}

function passStudent(t: Tensors, p: Tensors, settings: PretrainSettings): StudentPass {
  const { config, studentTemp, teacherTemp } = settings
  const temperatures = { student: studentTemp, teacher: teacherTemp }
  const grid = stageGrid(t.images.shape.slice(1, 4), 2)
  const student = pretrainOutputs(p, t.images, config, { mask: expandMask(t.mask, grid, 4) })
  const voxelMask = tf.expandDims(expandMask(t.mask, grid, 8), -1)
  const amip = reconstructionLoss(student.reconstruction, t.images, voxelMask)
  const ampd = maskedTokenLoss(student.ampd, t.teacher_ampd, t.center_ampd, t.mask, temperatures)
  const aitd = crossViewLoss(student.aitd, t.teacher_aitd, t.center_aitd, temperatures)
  const gitd = crossViewLoss(student.gitd, t.teacher_gitd, t.center_gitd, temperatures)
  const total = tf.add(amip, tf.mul(tf.addN([ampd, aitd, gitd]), 0.1)) as tf.Scalar
  return {
    losses: { amip, ampd, aitd, gitd, total },
    outputs: {
      student_aitd: student.aitd,
      student_ampd: student.ampd,
      student_gitd: student.gitd,
      student_satt: student.attention.satt,
      rec: student.reconstruction,
    },
  }
}

/** Whether the optimiser may touch a parameter: weight_g stays 1 (SPEC 5). */
function isTrainable(name: string): boolean {
  return !name.endsWith('weight_g')
}

/** Student pass, losses with the old centres, centres, gradients, AdamW, then the teacher from the updated student. */
export function studentProgram(names: readonly string[], settings: PretrainSettings): Program {
  return t => {
    const p = under(t, 'p.')
    const result: Tensors = {}
    const trainable = names.filter(isTrainable)
    const { grads } = tf.engine().gradients(
      () => {
        const { losses, outputs } = passStudent(t, p, settings)
        Object.assign(result, losses, outputs)
        Object.values(result).forEach(tensor => tf.keep(tensor))
        return losses.total
      },
      trainable.map(name => p[name]),
      undefined as unknown as tf.Tensor,
      true,
    )
    for (const head of ['aitd', 'ampd', 'gitd'])
      result[`center_${head}`] = updateCentre(
        t[`center_${head}`],
        t[`teacher_${head}`],
        settings.centreMomentum,
      )
    const updated: Tensors = { ...p }
    trainable.forEach((name, at) => {
      const gradient = grads[at] as tf.Tensor | undefined
      if (!gradient) return
      const state = { parameter: p[name], m: t[`m.${name}`], v: t[`v.${name}`] }
      const corrections = [t.correction1, t.correction2] as [tf.Scalar, tf.Scalar]
      const next = adamWUpdate(state, gradient, t.lr as tf.Scalar, corrections, settings.adamW)
      updated[name] = next.parameter
      Object.assign(result, {
        [`grad.${name}`]: gradient,
        [`p.${name}`]: next.parameter,
        [`m.${name}`]: next.m,
        [`v.${name}`]: next.v,
      })
    })
    for (const [name, teacher] of Object.entries(under(t, 't.')))
      if (name !== 'encoder.mask_token')
        result[`t.${name}`] = emaUpdate(teacher, updated[name], settings.emaMomentum)
    return result
  }
}
