// The training step on Dawn: it does what the CPU does, and a run goes on when its device is lost.
import { describe, expect, it } from 'vitest'
import { requestNodeDevice } from '../../cli/support/nodeGpu.ts'
import { DeviceMemoryError } from '../base/errors.ts'
import { expectClose, testRuntime } from '../graph/testSupport.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import { forecastStep } from './forecastStep.ts'
import type { PlanStep } from './planStep.ts'
import { openSteadyStep } from './steadyStep.ts'
import { flattenState, type TrainState } from './stepGraph.ts'
import { smallBatch, smallNumbers, smallStart, smallStep } from './testTraining.ts'
import { createTrainStep, type TrainStep } from './trainStep.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const open = async (): Promise<PlanRuntime> => {
  const { device, label } = await requestNodeDevice({ limits: 'default' })
  return { kind: 'plan', device, label }
}
const gpu = await open().catch(() => undefined)
const cpu = await testRuntime()

async function train(step: TrainStep, from: number, until: number): Promise<number[]> {
  const losses: number[] = []
  for (let index = from; index < until; index++)
    losses.push((await step.run(smallBatch(index), smallNumbers(index))).loss)
  return losses
}

const shaped = ({ groups }: TrainState) =>
  Object.fromEntries(
    Object.entries(flattenState(groups)).map(([name, data]) => [name, { data, shape: [data.length] }]),
  )

describe.skipIf(!gpu || !cpu)('a training step on a GPU', () => {
  it('gives the losses, parameters, moments and averages of the CPU, and leaves alone what the loss does not reach', async () => {
    const start = smallStart()
    const [planned, wanted] = [
      await createTrainStep(smallStep, start, gpu!),
      await createTrainStep(smallStep, start, cpu!),
    ]
    const [got, expected] = [await train(planned, 0, 4), await train(wanted, 0, 4)]
    // Float32 in another order of summation; AdamW's first steps magnify it where a gradient is nearly 0.
    got.forEach((loss, at) => expect(loss).toBeCloseTo(expected[at], 5))
    const state = await planned.read()
    expectClose(shaped(state), shaped(await wanted.read()), 1e-4)
    expect(state.step).toBe(4)
    expect(planned.updated).toEqual(wanted.updated)
    expect((planned as PlanStep).report.forecast).toEqual(forecastStep(smallStep, gpu!.device))
    for (const group of ['parameters', 'm', 'v', 'averaged'])
      expect(state.groups[group]['unused.weight']).toEqual(start.groups[group]['unused.weight'])
    expect(state.groups.averaged['head.weight']).not.toEqual(state.groups.parameters['head.weight'])
    await planned.release()
    await wanted.release()
  })

  it('goes on bit by bit on a GPU that is opened again when its device is destroyed, and then on the CPU', async () => {
    const undisturbed = await createTrainStep(smallStep, smallStart(), gpu!)
    const expected = await train(undisturbed, 0, 8)
    const wanted = await undisturbed.read()
    await undisturbed.release()

    const opened: PlanRuntime[] = []
    const step = await openSteadyStep({
      definition: smallStep,
      state: smallStart(),
      batch: smallBatch,
      stepsKept: 3,
      places: {
        async openGpu() {
          opened.push(opened.length === 0 ? gpu! : await open())
          return opened.at(-1)
        },
        openCpu: () => Promise.resolve(cpu!),
      },
    })
    const losses = await train(step, 0, 5)
    const running = step.run(smallBatch(5), smallNumbers(5))
    // After the submit, before the result.
    await Promise.resolve()
    opened[0].device.destroy()
    losses.push((await running).loss)
    expect(opened).toHaveLength(2)
    expect(step.notices).toEqual([expect.stringMatching(/GPU was lost and has been started again; the 2 /)])
    losses.push(...(await train(step, 6, 8)))
    expect(losses).toEqual(expected)
    expect(await step.read()).toEqual(wanted)

    opened[1].device.destroy()
    const [again] = await train(step, 8, 9)
    expect(Number.isFinite(again)).toBe(true)
    await step.release()
  })

  it('says what to lower when the GPU has too little memory for a step', async () => {
    // One sample more than WebGPU's default 256 MiB a buffer.
    const images = { shape: [2 ** 17 + 1, 8, 8, 8, 1], dtype: 'float32' as const }
    const batch = { images, labels: { shape: [2 ** 17 + 1], dtype: 'int32' as const } }
    const definition = { ...smallStep, batch }
    const refused = createTrainStep(definition, smallStart(), gpu!)
    await expect(refused).rejects.toThrow(DeviceMemoryError)
    await expect(refused).rejects.toThrow(/lower the batch or the crop’s size, or choose a smaller preset/)
  })
})
