// Momentum update of a teacher, or of averaged weights (SPEC 6.6):  teacher ← m·teacher + (1 − m)·student.
// Element by element, so that one call over an arena of all parameters is the update of each.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/momentumUpdate.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import { packUniforms, requireShape } from './stepParts.ts'
import { updateSteps } from './updateSteps.ts'

/** Input `momentum` []; the output may stand in the teacher's place. Tolerance 1e-6: two products and a sum. */
export const momentumUpdateKernel: GpuKernel = {
  name: 'MomentumUpdate',
  inputs: ['teacher', 'student', 'momentum'],
  inPlace: [0],
  shapes([teacher, student, momentum]) {
    requireShape('momentumUpdate', 'a student', student, teacher!)
    requireShape('momentumUpdate', 'a momentum', momentum, [])
    return [[...teacher!]]
  },
  steps({ inputs, outputs: [output] }, _, device) {
    const [teacher, student, momentum] = inputs as readonly TensorBinding[]
    return updateSteps(
      {
        key: 'momentumUpdate',
        code: text,
        arrays: [{ name: 'teacher', before: teacher, after: output }],
        source: student,
        scalars: momentum,
        uniforms: lanes => packUniforms([lanes]),
      },
      device,
    )
  },
}

/** The plain composition of tfjs ops. */
export function momentumUpdateReference(
  teacher: tf.Tensor,
  student: tf.Tensor,
  momentum: number | tf.Scalar,
): tf.Tensor {
  return tf.add(tf.mul(teacher, momentum), tf.mul(student, tf.sub(1, momentum)))
}

/** m·teacher + (1 − m)·student, of one parameter or of an arena of them. */
export function momentumUpdate(
  teacher: tf.Tensor,
  student: tf.Tensor,
  momentum: number | tf.Scalar,
): tf.Tensor {
  if (!isKernelKnown(momentumUpdateKernel)) return momentumUpdateReference(teacher, student, momentum)
  const amount = typeof momentum === 'number' ? tf.scalar(momentum) : momentum
  return runGpuKernel(momentumUpdateKernel, [teacher, student, amount])[0]
}
