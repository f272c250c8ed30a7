// Centre of the teacher's logits (SPEC 6.5):  c ← momentum·c + (1 − momentum)·mean of the logits over all rows.
// K prototypes. Updated after the losses and never differentiated.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/centreUpdate.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import { bindTensor, elementCount, flatStep, packUniforms, requireShape } from './stepParts.ts'
import { sumRows, sumRowsScratch } from './sumRows.ts'

const rowsOf = (teacher: readonly number[]) => elementCount(teacher.slice(0, -1))

/** Attribute `momentum`. Tolerance 2e-6: a mean of thousands of rows in groups of 64, in single precision. */
export const centreUpdateKernel: GpuKernel = {
  name: 'CentreUpdate',
  inputs: ['centre', 'teacher'],
  shapes([centre, teacher]) {
    requireShape('centreUpdate', 'a centre', centre, teacher!.slice(-1))
    return [[...centre!]]
  },
  scratch: ([, teacher]) => sumRowsScratch(1, rowsOf(teacher!), teacher!.at(-1)!),
  steps({ inputs, outputs: [output], scratch }, attributes, device) {
    const [centre, teacher] = inputs as readonly TensorBinding[]
    const [K] = centre.shape
    const rows = rowsOf(teacher.shape)
    const momentum = Number(attributes.momentum)
    const { steps, sums } = sumRows(teacher, scratch, 1, rows, K, device)
    const finish = flatStep({
      key: 'centreUpdate',
      code: text,
      threads: K,
      uniforms: packUniforms([K], [momentum, (1 - momentum) / rows]),
      buffers: { 1: bindTensor(centre, device), 2: bindTensor(sums, device), 3: bindTensor(output, device) },
    })
    return [...steps, finish]
  },
}

/** The plain composition of tfjs ops. */
export function centreUpdateReference(centre: tf.Tensor, teacher: tf.Tensor, momentum: number): tf.Tensor {
  const mean = tf.mean(tf.reshape(teacher, [-1, teacher.shape[teacher.rank - 1]]), 0)
  return tf.add(tf.mul(tf.reshape(centre, [-1]), momentum), tf.mul(mean, 1 - momentum))
}

/** centre of K elements, teacher [..., K] → [K]. */
export function updateCentre(centre: tf.Tensor, teacher: tf.Tensor, momentum = 0.9): tf.Tensor {
  if (!isKernelKnown(centreUpdateKernel)) return centreUpdateReference(centre, teacher, momentum)
  return runGpuKernel(centreUpdateKernel, [tf.reshape(centre, [-1]), teacher], { momentum })[0]
}
