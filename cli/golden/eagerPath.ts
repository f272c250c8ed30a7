// Runs a program at once on the active tfjs backend: plain JavaScript on the CPU, or WebGPU.
import * as tf from '@tensorflow/tfjs-core'
import type { HostTensor, HostTensors } from '../../src/training/golden/fixture.ts'
import type { Path, Program, Tensors } from '../../src/training/golden/operation.ts'

function toTensors(values: HostTensors): Tensors {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => {
      const isWhole = data instanceof Int32Array
      const native = isWhole || data instanceof Float32Array ? data : Float32Array.from(data)
      return [name, tf.tensor(native, [...shape], isWhole ? 'int32' : 'float32')]
    }),
  )
}

async function runEagerly(program: Program, values: HostTensors): Promise<HostTensors> {
  const inputs = toTensors(values)
  const outputs = tf.tidy(() => program(inputs))
  const got: Record<string, HostTensor> = {}
  for (const [name, tensor] of Object.entries(outputs)) {
    const data = await tensor.data()
    got[name] = { shape: [...tensor.shape], data: Float32Array.from(data) }
  }
  tf.dispose(inputs)
  tf.dispose(outputs)
  return got
}

/** A path over a tfjs backend that has been registered before. */
export function eagerPath(name: 'tfjs' | 'webgpu', backend: string, isFastEnoughToTrain: boolean): Path {
  const run: Path['run'] = async (program, inputs, constants = {}) => {
    await tf.setBackend(backend)
    return runEagerly(program, { ...inputs, ...constants })
  }
  return {
    name,
    isFastEnoughToTrain,
    run,
    prepare: async program => ({ run: inputs => run(program, inputs), release: async () => {} }),
  }
}
