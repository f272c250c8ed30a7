// Patch dropout (SPEC 2):  y = x·keep, keep 1 = kept, 0 = dropped. B batch, d h w token grid, C channels.
// Backward: dx = dy·keep, the same program. The keep pattern itself comes from keepPattern.ts.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/patchDropout.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel } from './gpuKernel.ts'
import { bindableRanges, bindTensor, elementCount, flatStep, laneText, laneWidth } from './stepParts.ts'
import { packUniforms, requireShape } from './stepParts.ts'

/** One product: the tolerance is 0. */
export const patchDropoutKernel: GpuKernel = {
  name: 'PatchDropout',
  inputs: ['x', 'keep'],
  shapes([x, keep]) {
    requireShape('patchDropout', 'a keep pattern', keep, x!.slice(0, -1))
    return [[...x!]]
  },
  steps({ inputs: [x, keep], outputs: [y] }, _, device) {
    const C = x!.shape.at(-1)!
    const width = laneWidth(C)
    const keepNumber = keep!.dtype === 'int32' ? 'i32' : 'f32'
    return bindableRanges(elementCount(keep!.shape), 4 * C, device).map(({ first, count }) =>
      flatStep({
        key: `patchDropout ${width} ${keepNumber}`,
        code: `${laneText(width)}\nalias KeepNumber = ${keepNumber};\n${text}`,
        threads: (count * C) / width,
        uniforms: packUniforms([(count * C) / width, C / width]),
        buffers: {
          1: bindTensor(x!, device, first * C, count * C),
          2: bindTensor(keep!, device, first, count),
          3: bindTensor(y, device, first * C, count * C),
        },
      }),
    )
  },
}

/** Keep patterns are drawn, not learnt: only x has a gradient. */
export function registerPatchDropoutGradient(): void {
  tf.registerGradient({
    kernelName: patchDropoutKernel.name,
    inputsToSave: ['keep'],
    gradFunc: (dy, [keep]) => {
      const [dX] = runGpuKernel(patchDropoutKernel, [dy as tf.Tensor, keep])
      return { x: () => dX }
    },
  })
}

/** The plain composition of tfjs ops. */
export function patchDropoutReference(x: tf.Tensor, keep: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.expandDims(keep, -1))
}

/** x [B,d,h,w,C], keep [B,d,h,w] of 0 and 1 → [B,d,h,w,C]. */
export function patchDropout(x: tf.Tensor, keep: tf.Tensor): tf.Tensor {
  patchDropoutKernel.shapes([x.shape, keep.shape], {})
  if (!isKernelKnown(patchDropoutKernel)) return patchDropoutReference(x, keep)
  return runGpuKernel(patchDropoutKernel, [x, keep])[0]
}
