// GELU in its exact erf form (SPEC 1):  y = x Φ(x),  dx = dy (Φ(x) + x φ(x)).  x of any shape.
// Nothing of the forward pass is kept but its input. Source: Hendrycks & Gimpel 2016; approximation: lib/normalCdf.wgsl.
import * as tf from '@tensorflow/tfjs-core'
import distributionText from '../../shaders/lib/normalCdf.wgsl?raw'
import text from '../../shaders/gelu.wgsl?raw'
import {
  isKernelKnown,
  runGpuKernel,
  type DeviceFacts,
  type GpuKernel,
  type TensorBinding,
} from './gpuKernel.ts'
import type { ComputeStep } from './gpuProgram.ts'
import {
  bindableRanges,
  bindTensor,
  elementCount,
  flatStep,
  laneText,
  laneWidth,
  requireShape,
} from './stepParts.ts'

function elementSteps(
  entryPoint: 'activate' | 'differentiate',
  tensors: Readonly<Record<number, TensorBinding>>,
  device: DeviceFacts,
): ComputeStep[] {
  const elements = elementCount(tensors[1].shape)
  const width = laneWidth(elements)
  return bindableRanges(elements, 4, device).map(({ first, count }) =>
    flatStep({
      key: `gelu ${width}`,
      code: laneText(width) + distributionText + text,
      entryPoint,
      threads: count / width,
      uniforms: Uint32Array.of(count / width),
      buffers: Object.fromEntries(
        Object.entries(tensors).map(([binding, tensor]) => [
          binding,
          bindTensor(tensor, device, first, count),
        ]),
      ),
    }),
  )
}

/** x of any shape → y. |error of Φ| ≤ 5e-8, so that |error of y| ≤ 5e-8 |x| and y's own rounding. */
export const geluKernel: GpuKernel = {
  name: 'Gelu',
  inputs: ['x'],
  shapes: ([x]) => [[...x!]],
  steps: ({ inputs: [x], outputs: [y] }, _, device) => elementSteps('activate', { 1: x!, 3: y }, device),
}

/** dx. */
export const geluGradientKernel: GpuKernel = {
  name: 'GeluGradient',
  inputs: ['x', 'dOutput'],
  shapes([x, dOutput]) {
    requireShape('geluGradient', 'dOutput', dOutput, x!)
    return [[...x!]]
  },
  steps: ({ inputs: [x, dOutput], outputs: [dx] }, _, device) =>
    elementSteps('differentiate', { 1: x!, 2: dOutput!, 3: dx }, device),
}

export const geluGradient: tf.GradConfig = {
  kernelName: geluKernel.name,
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => ({ x: () => runGpuKernel(geluGradientKernel, [x, dy as tf.Tensor])[0] }),
}

/** The plain composition of tfjs ops; in this order of operations ONNX Runtime recognises it and runs it as one kernel. */
export function geluReference(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)), 0.5)
}

/** GELU in its exact erf form, any shape. */
export function gelu(x: tf.Tensor): tf.Tensor {
  return isKernelKnown(geluKernel) ? runGpuKernel(geluKernel, [x])[0] : geluReference(x)
}
