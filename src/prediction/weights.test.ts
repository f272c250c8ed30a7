import { describe, expect, it } from 'vitest'
import { InputError } from '../base/errors.ts'
import type { Runtime } from '../graph/session.ts'
import { presets, type NetworkConfig } from '../network/config.ts'
import { floatToHalf } from '../base/half.ts'
import type { SafetensorsTensor } from '../network/safetensors.ts'
import { loadModel } from './loadModel.ts'
import { describeWeights, makeModelFiles, segmentEntry } from './testModel.ts'
import { readWeights } from './weights.ts'

/** Refuses every use: whatever is refused must be refused before a network is opened. */
const untouchable = {
  kind: 'onnx',
  threads: 1,
  label: 'none',
  get ort(): never {
    throw new Error('The runtime was used before the weights had been checked.')
  },
} as Runtime

type Tensors = Record<string, SafetensorsTensor>

// Few enough weights to be drawn anew for every case.
const config: NetworkConfig = { ...presets.tiny, embed: 8, depths: [1, 1, 1, 1] }

const norm = 'segment.encoder.norm0.weight'
const bias = 'classify.cls_head.bias'

function spoilValue(value: number) {
  return (tensors: Tensors) => {
    const data = (tensors[norm].data as Float32Array).slice()
    data[5] = value
    tensors[norm] = { ...tensors[norm], data }
  }
}

function spoilHalf(tensors: Tensors): void {
  const data = Uint16Array.from(tensors[norm].data, floatToHalf)
  data[7] = floatToHalf(NaN)
  tensors[norm] = { dtype: 'F16', shape: [8], data }
}

const spoilt: [string, (tensors: Tensors) => void, RegExp][] = [
  ['lack a tensor', t => delete t[norm], /'segment\.encoder\.norm0\.weight' is missing/],
  [
    'lack a whole network',
    t => {
      for (const name of Object.keys(t)) if (name.startsWith('classify.')) delete t[name]
    },
    /'classify\.encoder\.mask_token', .* and \d+ more are missing/,
  ],
  [
    'have a tensor too many',
    t => (t['segment.encoder.norm9.weight'] = t[norm]),
    /'segment\.encoder\.norm9\.weight' is not part of it/,
  ],
  [
    'have a tensor of another shape',
    t => (t[norm] = { dtype: 'F32', shape: [9], data: new Float32Array(9) }),
    /norm0\.weight' has the shape \[9\], but \[8\] is expected/,
  ],
  [
    'have a tensor of the right size in another arrangement',
    t => (t[norm] = { ...t[norm], shape: [8, 1] }),
    /norm0\.weight' has the shape \[8, 1\], but \[8\] is expected/,
  ],
  [
    'store a tensor as whole numbers',
    t => (t[bias] = { dtype: 'I32', shape: [2], data: new Int32Array(2) }),
    /cls_head\.bias' is stored as I32/,
  ],
  ['hold a NaN', spoilValue(NaN), /norm0\.weight' holds a value that is no finite number \(element 5\)/],
  ['hold an infinity', spoilValue(-Infinity), /no finite number \(element 5\)/],
  ['hold a NaN in half precision', spoilHalf, /no finite number \(element 7\)/],
]

describe('a model is refused by name before anything is opened, when its weights', () => {
  it.each(spoilt)('%s', async (_, change, sentence) => {
    const loading = loadModel(await makeModelFiles({ config, change }), untouchable)
    await expect(loading).rejects.toThrow(sentence)
    await expect(loading).rejects.toBeInstanceOf(InputError)
  })

  it('are no safetensors file', async () => {
    const files = await describeWeights(new TextEncoder().encode('PK\x03\x04 a zip file'), {
      segment: segmentEntry,
    })
    await expect(loadModel(files, untouchable)).rejects.toThrow(/This is not a readable safetensors file/)
  })

  it('belong to another preset', async () => {
    const { manifest, weights } = await makeModelFiles({ config, tasks: ['segment'] })
    const small = { ...segmentEntry, config: presets.small }
    const loading = loadModel(
      { manifest: { ...manifest, networks: { segment: small } }, weights },
      untouchable,
    )
    await expect(loading).rejects.toThrow(/'segment\.encoder\.layers\.0\.blocks\.1\.norm1\.weight'.* missing/)
  })
})

it('weights that fit are read, the greatest and smallest finite numbers too', async () => {
  const { manifest, weights } = await makeModelFiles({ config, change: spoilValue(-3.4028234663852886e38) })
  expect((await readWeights(manifest, weights)).tensors[norm].data[5]).toBe(-3.4028234663852886e38)
})
