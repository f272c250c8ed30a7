// Pretraining on Dawn: the same run through the same interface as on the CPU.
import { describe, expect, it } from 'vitest'
import { requestNodeDevice } from '../../../cli/support/nodeGpu.ts'
import { testRuntime } from '../../graph/testSupport.ts'
import type { PlanRuntime } from '../../graph/webgpu/runtime.ts'
import { RunControl } from '../run/control.ts'
import { readHistory } from '../run/history.ts'
import type { TrainPlaces } from '../steadyStep.ts'
import type { PretrainOptions } from './options.ts'
import { performPretraining, planCrops, type PretrainRow } from './performPretraining.ts'
import { memoryStorage, microOptions, microRecipe, testSource, testVolume } from './testSupport.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const open = async (): Promise<PlanRuntime> => {
  const { device, label } = await requestNodeDevice({ limits: 'default' })
  return { kind: 'plan', device, label }
}
const gpu = await open().catch(() => undefined)
const cpu = await testRuntime()

async function run(places: TrainPlaces, changes: Partial<PretrainOptions>): Promise<PretrainRow[]> {
  const { storage } = memoryStorage()
  const source = testSource([testVolume(1)])
  const notices: string[] = []
  await performPretraining({
    ...{ storage, source, places, saveEvery: 1, control: new RunControl() },
    settings: {
      ...{ preset: 'tiny', recipe: microRecipe, options: microOptions(changes), caseCount: 1, data: [] },
      plan: { ...planCrops(microRecipe, 1e9, source), bankSize: 2 },
      memoryBytes: 1e9,
    },
    environment: device => ({ device }),
    onNotice: notice => notices.push(notice),
  })
  // No notice: the GPU, where one was asked for, computed the run to its end.
  expect(notices).toEqual([])
  return readHistory<PretrainRow>(storage)
}

describe.skipIf(!gpu || !cpu)('a pretraining run on a GPU', () => {
  const onGpu: TrainPlaces = {
    openGpu: () => Promise.resolve(gpu),
    openCpu: why => Promise.reject(new Error(`the CPU was not asked for: ${why}`)),
  }
  const onCpu: TrainPlaces = {
    openGpu: () => Promise.resolve(undefined),
    openCpu: () => Promise.resolve(cpu!),
  }

  // A minute on a software adapter.
  it.skipIf(!process.env.SMARTFORMER_FULL)(
    'gives the figures that the CPU gives, gradients of several passes included',
    async () => {
      // Momentum 0: the teacher follows at once, so that an error of the update would show in the next one.
      const changes = { steps: 2, accumulate: 2, teacherMomentum: 0 }
      const [got, wanted] = [await run(onGpu, changes), await run(onCpu, changes)]
      expect(got).toHaveLength(2)
      got.forEach((row, at) => {
        // Float32 in another order of summation, magnified by AdamW where a gradient is nearly 0.
        const figures = ({ losses, entropy, entropyOfMean, ...rest }: PretrainRow) => [
          ...[losses, entropy, entropyOfMean].flatMap(one => Object.values(one)),
          ...[rest.loss, rest.amipOfMean!, rest.featureSpread, rest.teacherDistance],
        ]
        const expected = figures(wanted[at])
        figures(row).forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(2e-3))
      })
    },
  )
})
