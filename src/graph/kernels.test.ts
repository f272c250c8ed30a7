// Every kernel that can be traced, alone and with its gradient, on ONNX Runtime against tfjs's CPU backend.
import { describe, it } from 'vitest'
import { inputsOf, kernelCases, withGradients } from './kernelCases.ts'
import { expectSameAsTfjs, testRuntime } from './testSupport.ts'

const runtime = await testRuntime()

describe.skipIf(!runtime)('on ONNX Runtime', () => {
  describe.each(Object.entries(kernelCases))('%s equal tfjs', (_, cases) => {
    it.each(cases)('$name', async each => {
      const { specs, values } = inputsOf(each)
      await expectSameAsTfjs(runtime!, withGradients(each), specs, values, each.tolerance)
    })
  })
})
