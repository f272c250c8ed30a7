// Runs a program as the product does on a GPU: traced with our kernels whole, compiled to a plan of WebGPU dispatches.
import type { GpuDevice } from '../../kernels/device.ts'
import { compilePlan } from '../../graph/webgpu/plan.ts'
import type { HostTensors } from './fixture.ts'
import type { Path, PreparedProgram, Program } from './operation.ts'
import { feedsOf, traceProgram } from './onnxPath.ts'

async function compile(
  program: Program,
  example: HostTensors,
  constants: HostTensors,
  device: GPUDevice,
): Promise<PreparedProgram> {
  const graph = traceProgram(program, example, constants, { keepKernels: true })
  const plan = await compilePlan(graph, device)
  return {
    run: inputs => plan.run(feedsOf(inputs)),
    release: () => Promise.resolve(plan.release()),
  }
}

/** The path over a device. */
export function planPath({ device }: GpuDevice): Path {
  return {
    name: 'plan',
    isFastEnoughToTrain: true,
    runtime: { kind: 'plan', device, label: 'WebGPU plan' },
    run: async (program, inputs, constants = {}) => {
      const compiled = await compile(program, inputs, constants, device)
      const got = await compiled.run(inputs)
      await compiled.release()
      return got
    },
    prepare: (program, example) => compile(program, example, {}, device),
  }
}
