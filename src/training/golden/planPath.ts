// Runs a program as the product does on a GPU: traced with our kernels whole, compiled to a plan of WebGPU dispatches.
import type { GpuDevice } from '../../kernels/device.ts'
import { compilePlan, type PlanOptions } from '../../graph/webgpu/plan.ts'
import type { HostTensors } from './fixture.ts'
import type { Path, PreparedProgram, Program } from './operation.ts'
import { feedsOf, traceProgram } from './onnxPath.ts'

// Of a tensor's largest value. Each stored value is off by 2⁻¹¹ of itself, 2⁻¹⁰ where a device truncates, and a network of
// random weights passes that on from layer to layer. Measured with packed halves on SwiftShader, farthest from single
// precision: 3.6e-2 in tiny_forward_32 (out.satt), 1.1e-2 in monai_v2_64 (out.seg_logits). What one kernel adds is held
// to 2⁻¹⁰ by src/graph/webgpu/halves.gpu.test.ts; this bound only says that a whole network hangs together.
const halfError = 5e-2

async function compile(
  program: Program,
  example: HostTensors,
  constants: HostTensors,
  device: GPUDevice,
  storage: PlanOptions['storage'],
): Promise<PreparedProgram> {
  const graph = traceProgram(program, example, constants, { keepKernels: true })
  const plan = await compilePlan(graph, device, { storage })
  return {
    run: inputs => plan.run(feedsOf(inputs)),
    release: () => Promise.resolve(plan.release()),
  }
}

/** The path over a device; "f16" stores weights and activations as halves. */
export function planPath({ device }: GpuDevice, storage: PlanOptions['storage'] = 'f32'): Path {
  return {
    ...(storage === 'f16' ? { name: 'plan-f16', halfError } : { name: 'plan' }),
    isFastEnoughToTrain: true,
    runtime: { kind: 'plan', device, label: 'WebGPU plan' },
    run: async (program, inputs, constants = {}) => {
      const compiled = await compile(program, inputs, constants, device, storage)
      const got = await compiled.run(inputs)
      await compiled.release()
      return got
    },
    prepare: (program, example) => compile(program, example, {}, device, storage),
  }
}
