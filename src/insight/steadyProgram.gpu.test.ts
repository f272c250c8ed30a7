import { describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import type { OrtModule, Runtime } from '../graph/session.ts'
import { openSteadyProgram } from './steadyProgram.ts'

// Dawn needs an optional package and a Vulkan driver; without them this is skipped by name.
const { requestNodeDevice } = await import('../../cli/support/nodeGpu.ts')
const openGpu = () =>
  requestNodeDevice({ limits: 'default' }).then(
    ({ device, label }) => ({ kind: 'plan' as const, device, label }),
    () => undefined,
  )
const isMissing = (await openGpu()) === undefined

const program = {
  inputs: { x: { shape: [4], dtype: 'float32' as const } },
  parameters: { factor: { shape: [1], data: Float32Array.of(3) } },
  compute: ({ x }: Record<string, tf.Tensor>, { factor }: Record<string, tf.Tensor>) => ({
    y: tf.mul(x, factor),
  }),
}

/** ONNX Runtime whose results are all moved by one. */
function shifted(runtime: Runtime): Runtime {
  const create = async (...given: Parameters<typeof runtime.ort.InferenceSession.create>) => {
    const session = await runtime.ort.InferenceSession.create(...given)
    return {
      release: () => session.release(),
      async run(feeds: Parameters<typeof session.run>[0]) {
        const results = await session.run(feeds)
        for (const { data } of Object.values(results)) (data as Float32Array).forEach((_, i, all) => all[i]++)
        return results
      },
    }
  }
  const { Tensor, env } = runtime.ort
  return { ...runtime, ort: { Tensor, env, InferenceSession: { create } } as unknown as OrtModule }
}

describe.skipIf(isMissing)('a program of the lab on WebGPU', () => {
  it('runs there once it gave what the CPU gives, and on the CPU after the device was lost', async () => {
    const cpu = await loadNodeRuntime(2)
    const gpu = await openGpu()
    const opened = await openSteadyProgram(program, { openGpu: async () => gpu, openCpu: () => cpu })
    const run = async () => Array.from((await opened.run({ x: Float32Array.of(1, 2, 3, 4) })).y.data)
    expect(await run()).toEqual([3, 6, 9, 12])
    expect([opened.label, opened.notices]).toEqual([gpu!.label, []])
    gpu!.device.destroy()
    await gpu!.device.lost
    expect(await run()).toEqual([3, 6, 9, 12])
    expect(opened.label).toBe(cpu.label)
    expect(opened.notices).toHaveLength(1)
    await opened.release()
  })

  it('is left for the CPU, saying why, where the two differ', async () => {
    const cpu = shifted(await loadNodeRuntime(2))
    const opened = await openSteadyProgram(program, { openGpu, openCpu: () => cpu })
    const { y } = await opened.run({ x: Float32Array.of(1, 2, 3, 4) })
    expect(Array.from(y.data)).toEqual([4, 7, 10, 13])
    expect(opened.notices.join()).toMatch(/differ from the CPU’s by 7\.7 % of the largest/) // 1 of 13
    await opened.release()
  })
})
