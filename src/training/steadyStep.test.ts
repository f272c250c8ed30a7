import { describe, expect, it } from 'vitest'
import type { OrtModule, Runtime } from '../graph/session.ts'
import { testRuntime } from '../graph/testSupport.ts'
import { PassRunner } from './run/passes.ts'
import { openSteadyStep, type TrainPlaces } from './steadyStep.ts'
import { DivergenceError } from './stepGraph.ts'
import { smallBatch, smallNumbers, smallStart, smallStep } from './testTraining.ts'
import { createTrainStep, type TrainStep } from './trainStep.ts'

const cpu = await testRuntime()

/** A device that computes what the CPU computes, until `fails` says of a run (counted from 0) that it fails. */
function failing(fails: (run: number) => boolean): Runtime {
  let runs = 0
  const create = async (...input: Parameters<OrtModule['InferenceSession']['create']>) => {
    const session = await cpu!.ort.InferenceSession.create(...input)
    return {
      run: (feeds: Parameters<typeof session.run>[0]) =>
        fails(runs++) ? Promise.reject(new Error('the device is gone')) : session.run(feeds),
      release: () => session.release(),
    }
  }
  const ort = { Tensor: cpu!.ort.Tensor, env: cpu!.ort.env, InferenceSession: { create } }
  return { ...cpu!, ort: ort as unknown as OrtModule, label: 'a GPU' }
}

function openSteady(devices: readonly (Runtime | Error)[]) {
  const left = [...devices]
  const places: TrainPlaces = {
    openGpu() {
      const next = left.shift()
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
    },
    openCpu: why => Promise.resolve({ ...cpu!, label: `CPU (${why})` }),
  }
  const made: number[] = []
  const batch = (step: number) => {
    made.push(step)
    return smallBatch(step)
  }
  const options = { definition: smallStep, state: smallStart(), places, batch, stepsKept: 3 }
  return openSteadyStep(options).then(step => ({ step, made }))
}

const run = async (step: TrainStep, steps: number) => {
  const losses: number[] = []
  const runner = new PassRunner(step, pass => Promise.resolve(smallBatch(pass)), steps)
  for (let at = 0; at < steps; at++) losses.push((await runner.run(at, smallNumbers(at))).loss)
  return { losses, state: await step.read() }
}

async function undisturbed(steps: number) {
  const step = await createTrainStep(smallStep, smallStart(), cpu!)
  return run(step, steps).finally(() => step.release())
}

describe.skipIf(!cpu)('a training step that outlives its device', () => {
  it('repeats only the steps since the last copy of the state, and ends where an undisturbed run ends', async () => {
    const { step, made } = await openSteady([failing(at => at === 5), failing(() => false)])
    expect(await run(step, 7)).toEqual(await undisturbed(7))
    expect(made).toEqual([3, 4])
    expect(step.label).toBe('a GPU')
    expect(step.notices).toEqual([
      'The GPU was lost and has been started again; the 2 steps since the last copy of the state are repeated. (the device is gone)',
    ])
    await step.release()
  })

  it('goes on on the CPU when the GPU fails again before the next copy, and says so', async () => {
    const { step } = await openSteady([failing(at => at === 2), failing(at => at === 1)])
    expect(await run(step, 4)).toEqual(await undisturbed(4))
    expect(step.label).toBe('CPU (the GPU failed)')
    expect(step.notices).toHaveLength(2)
    expect(step.notices[1]).toMatch(/^The GPU failed; the 2 steps .* on the CPU, where the run goes on\./)
    await step.release()
  })

  it('opens a GPU once more after each copy of the state', async () => {
    const lost = () => failing(at => at === 4)
    const { step } = await openSteady([lost(), lost(), failing(() => false)])
    expect(await run(step, 9)).toEqual(await undisturbed(9))
    expect(step.label).toBe('a GPU')
    expect(step.notices).toHaveLength(2)
    await step.release()
  })

  it('starts on the CPU where there is no GPU, or none that opens', async () => {
    const { step } = await openSteady([])
    expect(step.label).toBe('CPU (no GPU found)')
    const other = await openSteady([new Error('the driver is too old')])
    expect(other.step.label).toBe('CPU (the GPU is not used)')
    expect(other.step.notices).toEqual(['The GPU is not used: the driver is too old'])
    await step.release()
    await other.step.release()
  })

  it('does not take a run that diverges for a device that fails', async () => {
    const { step } = await openSteady([failing(() => false)])
    const numbers = { ...smallNumbers(0), learningRate: 1e38 }
    const diverging = async () => {
      for (let at = 0; at < 4; at++) await step.run(smallBatch(at), numbers)
    }
    await expect(diverging()).rejects.toThrow(DivergenceError)
    expect(step.notices).toEqual([])
    await step.release()
  })
})
