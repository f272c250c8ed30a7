// The two passes of a pretraining step (SPEC section 6): the teacher's, which gives targets and attention, and the
// student's, which gives the four losses. B crops in two views: rows 0…B−1 are view u, rows B…2B−1 view v.
// Names of tensors: p.NAME student, t.NAME teacher, center_HEAD the centres.
import * as tf from '@tensorflow/tfjs-core'
import { expandMask } from '../../kernels/expandMask.ts'
import type { NetworkConfig } from '../../network/config.ts'
import { meanOverTokens, stageGrid, type EncodeOptions } from '../../network/encoder.ts'
import { reconstruct } from '../../network/heads.ts'
import { meanTokenLogits, prototypeLogits, type PrototypeLogits } from '../../network/network.ts'
import { under, type ParameterTensors } from '../../network/parameters.ts'
import { crossViewLoss, maskedTokenLoss, reconstructionLoss } from '../pretrainLosses.ts'
import { countedTokens } from './masks.ts'
import { isOn, lossNames, type LossName, type PretrainOptions } from './options.ts'

export type Tensors = Record<string, tf.Tensor>

/** What the passes need to know beside their tensors. */
export interface PassSettings {
  readonly config: NetworkConfig
  readonly options: PretrainOptions
}

function logitsOf(
  p: ParameterTensors,
  images: tf.Tensor,
  { config, options }: PassSettings,
  encodeOptions: EncodeOptions,
): Omit<PrototypeLogits, 'attention'> & Partial<Pick<PrototypeLogits, 'attention'>> {
  const run = options.semanticStage === null ? meanTokenLogits : prototypeLogits
  return run(p, images, config, encodeOptions)
}

/**
 * Inputs t.*, images [2B,D,H,W,1], keep (absent: no patch dropout) → teacher_aitd, teacher_ampd, teacher_gitd and, where
 * there is semantic attention, teacher_satt.
 */
export function teacherPass(settings: PassSettings): (t: Tensors) => Tensors {
  return t => {
    const { aitd, ampd, gitd, attention } = logitsOf(under(t, 't.'), t.images, settings, { keep: t.keep })
    return {
      teacher_aitd: aitd,
      teacher_ampd: ampd,
      teacher_gitd: gitd,
      ...(attention && { teacher_satt: attention.satt }),
    }
  }
}

export interface StudentPass {
  readonly losses: Readonly<Partial<Record<LossName, tf.Scalar>> & { total: tf.Scalar }>
  /** student_aitd, student_ampd, student_gitd, student_satt, rec, and what the run watches. */
  readonly outputs: Tensors
}

/** How far the student's image features differ from crop to crop: deviation over the rows, mean over the channels. */
function spreadOverRows(features: tf.Tensor): tf.Tensor {
  const centred = tf.sub(features, tf.mean(features, 0, true))
  return tf.mean(tf.sqrt(tf.mean(tf.square(centred), 0)))
}

/** Masked L1 of answering every hidden voxel with its crop's mean: what AMIP must fall below. */
function lossOfMean(images: tf.Tensor, voxelMask: tf.Tensor): tf.Tensor {
  const mean = tf.mean(images, [1, 2, 3, 4], true)
  return reconstructionLoss(tf.mul(tf.onesLike(images), mean), images, voxelMask)
}

/**
 * The student's losses. Inputs images, mask [2B,N] on the stage-3 grid, dropPath (absent: no stochastic depth),
 * teacher_*, center_*, teacherTemperature; `p` is the student. Losses of weight 0 are not computed.
 */
export function studentPass(t: Tensors, p: ParameterTensors, settings: PassSettings): StudentPass {
  const { config, options } = settings
  const temperatures = { student: options.studentTemperature, teacher: t.teacherTemperature as tf.Scalar }
  const grid = stageGrid(t.images.shape.slice(1, 4), 2)
  const student = logitsOf(p, t.images, settings, {
    ...(options.masking !== 'none' && { mask: expandMask(t.mask, grid, 4) }),
    dropPath: t.dropPath,
  })
  const counted = countedTokens(t.mask, options)
  const outputs: Tensors = {
    student_aitd: student.aitd,
    student_ampd: student.ampd,
    student_gitd: student.gitd,
    ...(student.attention && { student_satt: student.attention.satt }),
    feature_spread: spreadOverRows(meanOverTokens(student.encoded.feat[3])),
  }
  const compute: Record<LossName, () => tf.Scalar> = {
    amip() {
      const voxelMask = tf.expandDims(expandMask(counted, grid, 8), -1)
      outputs.rec = reconstruct(p, t.images, student.encoded, config)
      outputs.amip_of_mean = lossOfMean(t.images, voxelMask)
      return reconstructionLoss(outputs.rec, t.images, voxelMask)
    },
    ampd: () => maskedTokenLoss(student.ampd, t.teacher_ampd, t.center_ampd, counted, temperatures),
    aitd: () => crossViewLoss(student.aitd, t.teacher_aitd, t.center_aitd, temperatures),
    gitd: () => crossViewLoss(student.gitd, t.teacher_gitd, t.center_gitd, temperatures),
  }
  const losses: Partial<Record<LossName, tf.Scalar>> = {}
  const weighted: tf.Tensor[] = []
  for (const name of lossNames.filter(loss => isOn(options, loss))) {
    const loss = compute[name]()
    losses[name] = loss
    weighted.push(options.lossWeights[name] === 1 ? loss : tf.mul(loss, options.lossWeights[name]))
  }
  return { losses: { ...losses, total: tf.addN(weighted) as tf.Scalar }, outputs }
}
