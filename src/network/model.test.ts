import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { InputError } from '../base/errors.ts'
import { presets } from './config.ts'
import { canonicalJson, modelIdentity, parseManifest, weightShapes, type ModelManifest } from './model.ts'
import { sha256, sha256InScript } from './sha256.ts'

const manifest: ModelManifest = {
  schemaVersion: 1,
  pipelineVersion: '1',
  name: 'demo',
  version: '1.0.0',
  title: 'Demo',
  axes: 'DHW, S+ A+ R+',
  networks: {
    segment: {
      config: presets.demo,
      prefix: 'segment.',
      spacingMm: [1, 1, 1],
      shape: [96, 96, 96],
      huWindow: [-1000, 500],
      outputRange: [0, 1],
      padHu: -1024,
      labels: ['background', 'nodule'],
      thresholds: { probability: 0.5 },
    },
  },
  weights: { file: 'weights.safetensors', bytes: 10, sha256: '0'.repeat(64) },
  provenance: {},
}

/** The manifest as a file would give it, with one field replaced. */
function withField(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(manifest)) as Record<string, unknown>
  const keys = path.split('.')
  const owner = keys.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy)
  owner[keys[keys.length - 1]] = value
  return copy
}

describe('a model description', () => {
  it('is accepted as it was written', () => {
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest)
  })

  it.each([
    ['schemaVersion', 2],
    ['name', ''],
    ['networks', {}],
    ['networks.segment.prefix', 'classify.'],
    ['networks.segment.shape', [96, 96, 100]],
    ['networks.segment.spacingMm', [1, 1]],
    ['networks.segment.huWindow', [500, -1000]],
    ['networks.segment.labels', ['background']],
    ['networks.segment.config.embed', 1e9],
    ['networks.segment.config.depths', [2, 2, 5000, 2]],
    ['networks.segment.config.in_chans', 2],
    ['networks.segment.config.patch', 4],
    ['networks.segment.config.heads', [5, 2, 4, 8]],
    ['networks.segment.config.merge_order', 'constructor'],
    ['weights.file', '../../secret'],
    ['weights.sha256', 'abc'],
  ])('is refused in a sentence when %s is %j', (path, value) => {
    expect(() => parseManifest(withField(path, value))).toThrow(InputError)
  })

  it('whose tile does not fit the network is refused with the tile’s size', () => {
    expect(() => parseManifest(withField('networks.segment.shape', [96, 48, 96]))).toThrow(
      /tile \[96, 48, 96\] has a side that is no multiple of 32/,
    )
  })

  it('may carry remarks, but only sentences', () => {
    const remarks = ['This model is a beginning.']
    expect(parseManifest(withField('remarks', remarks)).remarks).toEqual(remarks)
    expect(() => parseManifest(withField('remarks', 'one'))).toThrow(/a list of sentences is expected/)
    expect(() => parseManifest(withField('remarks', [1]))).toThrow(InputError)
  })

  it('has the same canonical text whatever the order of its keys', () => {
    expect(canonicalJson({ b: [1, { d: 2, c: 'x' }], a: null })).toBe('{"a":null,"b":[1,{"c":"x","d":2}]}')
  })

  it('has an identity that is the SHA-256 of its canonical text and its weights', async () => {
    const weights = Uint8Array.of(1, 2, 3)
    const expected = createHash('sha256').update(canonicalJson(manifest)).update(weights).digest('hex')
    expect(await modelIdentity(manifest, weights)).toBe(expected)
    expect(await modelIdentity({ ...manifest, version: '1.0.1' }, weights)).not.toBe(expected)
  })
})

describe('SHA-256', () => {
  it.each([0, 1, 55, 56, 63, 64, 65, 1000])(
    'of %i bytes is the same in script as in WebCrypto',
    async length => {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37) % 251)
      expect(Buffer.from(sha256InScript(bytes)).toString('hex')).toBe(await sha256(bytes))
    },
  )
})

describe('a pretraining network in a model', () => {
  const entry = { ...manifest.networks.segment!, prefix: 'pretrain.' as const, labels: [] }
  const described = (change: object): unknown =>
    JSON.parse(JSON.stringify({ ...manifest, networks: { pretrain: { ...entry, ...change } } }))

  it('brings semantic attention and reconstruction, and the teacher where it says so', () => {
    const names = (change: object) => Object.keys(weightShapes(parseManifest(described(change))))
    const alone = names({})
    expect(alone).toContain('pretrain.rec_head.weight')
    expect(alone).toContain('pretrain.encoder.mask_token')
    expect(alone.some(name => name.startsWith('teacher.'))).toBe(false)
    const both = names({ teacher: true })
    expect(both).toContain('teacher.sa.cls_token')
    expect(both).not.toContain('teacher.rec_head.weight')
  })

  it.each([
    [{ labels: ['background', 'nodule'] }, '0 labels'],
    [{ shape: [48, 64, 64] }, 'no multiple of 32'],
    [{ teacher: 'yes' }, "'teacher' of pretrain"],
    [{ prefix: 'segment.' }, 'the prefix of pretrain'],
  ])('is refused with %j', (change, message) => {
    expect(() => parseManifest(described(change))).toThrow(message)
  })
})
