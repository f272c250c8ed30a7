import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { InputError } from '../base/errors.ts'
import { loadModel } from './loadModel.ts'
import { openNetwork } from './openNetwork.ts'
import { classifyLogits } from '../network/network.ts'
import { readSafetensors } from '../network/safetensors.ts'
import { classifyEntry, makeModelFiles } from './testModel.ts'
import { takeParameters } from './weights.ts'

const crop = Float32Array.from({ length: 32 ** 3 }, (_, i) => ((i * 7919) % 1000) / 1000)

describe('loadModel', () => {
  it('gives the same probability compiled and eager, and eager leaves no tensor behind', async () => {
    const { weights } = await makeModelFiles()
    const parameters = takeParameters(readSafetensors(weights), 'classify.')
    const plan = { entry: classifyEntry, parameters, forward: classifyLogits, label: 'malignant' }
    const compiled = await openNetwork(plan, await loadNodeRuntime(2))
    await tf.setBackend('cpu')
    const before = tf.memory().numTensors
    const eager = await openNetwork(plan, { kind: 'eager', label: 'tfjs cpu' })
    const [a] = await compiled.run(crop)
    const [b] = await eager.run(crop)
    expect(a).toBeGreaterThan(0)
    expect(a).toBeLessThan(1)
    // Float32 through a whole encoder; SPEC 11 allows 2e-4 of the largest value.
    expect(Math.abs(a - b)).toBeLessThan(2e-4)
    await eager.release()
    await compiled.release()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuses weights that are not the described ones', async () => {
    const { manifest, weights } = await makeModelFiles()
    const changed = weights.slice()
    changed[changed.length - 1] ^= 1
    await expect(loadModel({ manifest, weights: changed }, await loadNodeRuntime(1))).rejects.toThrow(
      InputError,
    )
  })

  it('refuses a model without the class that is needed', async () => {
    const { manifest, weights } = await makeModelFiles({ tasks: ['classify'] })
    const classify = { ...manifest.networks.classify!, labels: ['cat', 'dog'] }
    const other = { ...manifest, networks: { classify } }
    const loading = loadModel({ manifest: other, weights }, await loadNodeRuntime(1))
    await expect(loading).rejects.toThrow(/cat, dog.*'malignant' is expected/)
  })

  it('cannot run after release', async () => {
    const model = await loadModel(await makeModelFiles(), await loadNodeRuntime(1))
    await model.release()
    await expect(model.segment!(crop)).rejects.toThrow()
  })
})
