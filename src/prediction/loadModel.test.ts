import { describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { InputError } from '../base/errors.ts'
import { loadModel } from './loadModel.ts'
import { makeModelFiles } from './testModel.ts'

const crop = Float32Array.from({ length: 32 ** 3 }, (_, i) => ((i * 7919) % 1000) / 1000)

describe('loadModel', () => {
  it('refuses weights that are not the described ones', async () => {
    const { manifest, weights } = await makeModelFiles()
    const changed = weights.slice()
    changed[changed.length - 1] ^= 1
    await expect(loadModel({ manifest, weights: changed }, await loadNodeRuntime(1))).rejects.toThrow(
      InputError,
    )
  })

  it('refuses a search for nodules without the class of a nodule', async () => {
    const { manifest, weights } = await makeModelFiles({ tasks: ['segment'] })
    const segment = { ...manifest.networks.segment!, labels: ['cat', 'dog'] }
    const other = { ...manifest, networks: { segment } }
    const loading = loadModel({ manifest: other, weights }, await loadNodeRuntime(1))
    await expect(loading).rejects.toThrow(/cat, dog.*'nodule' is expected/)
  })

  it('tells classes apart, however they are called', async () => {
    const { manifest, weights } = await makeModelFiles({ tasks: ['classify'] })
    const classify = { ...manifest.networks.classify!, labels: ['cat', 'dog'] }
    const other = { ...manifest, networks: { classify } }
    const model = await loadModel({ manifest: other, weights }, await loadNodeRuntime(1))
    const probabilities = await model.classify!(crop)
    await model.release()
    expect(probabilities).toHaveLength(2)
    expect(probabilities[0] + probabilities[1]).toBeCloseTo(1, 5)
  })

  it('cannot run after release', async () => {
    const model = await loadModel(await makeModelFiles(), await loadNodeRuntime(1))
    await model.release()
    await expect(model.segment!(crop)).rejects.toThrow()
  })
})
