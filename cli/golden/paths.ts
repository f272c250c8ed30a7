// Opens a path by name. WebGPU and ONNX Runtime are loaded only when asked for: both are optional packages.
import * as tf from '@tensorflow/tfjs-core'
import type { Path } from '../../src/training/golden/operation.ts'

export type PathName = Path['name']

/** @throws Error with a reason where this machine lacks the path. */
export async function openPath(name: PathName): Promise<Path> {
  // Spares the advice to install another package that tfjs prints in Node.
  tf.enableProdMode()
  if (name === 'onnx') {
    const [{ loadNodeRuntime }, { onnxPath }] = await Promise.all([
      import('../support/nodeRuntime.ts'),
      import('../../src/training/golden/onnxPath.ts'),
    ])
    return onnxPath(await loadNodeRuntime())
  }
  const { eagerPath } = await import('./eagerPath.ts')
  if (name === 'tfjs') {
    await import('@tensorflow/tfjs-backend-cpu')
    return eagerPath('tfjs', 'cpu', true)
  }
  if (name === 'plan' || name === 'plan-f16') {
    const [{ requestNodeDevice }, { planPath }] = await Promise.all([
      import('../support/nodeGpu.ts'),
      import('../../src/training/golden/planPath.ts'),
    ])
    return planPath(await requestNodeDevice(), name === 'plan' ? 'f32' : 'f16')
  }
  const { openNodeGpu } = await import('../support/nodeGpu.ts')
  const { isSoftware } = await openNodeGpu()
  return eagerPath('webgpu', 'webgpu', !isSoftware)
}
