// Exported files, looked at from outside: by a reader of the format's own, and by plain onnxruntime-node.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { readFixture } from '../../cli/golden/fixtureFiles.ts'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { CancelledError, InputError } from '../base/errors.ts'
import { readOnnx } from '../graph/onnxTestReader.ts'
import { presets } from '../network/config.ts'
import { hashUniform } from '../network/initialise.ts'
import type { ClassTask } from '../network/model.ts'
import { modelIdentity, taskParts } from '../network/model.ts'
import { parameterShapes } from '../network/parameters.ts'
import { readSafetensors } from '../network/safetensors.ts'
import { exportModel } from './exportModel.ts'
import { loadModel } from './loadModel.ts'
import { makeModelFiles } from './testModel.ts'

const native = await import('onnxruntime-node').catch(() => undefined)
const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
const tasks = ['segment', 'classify'] as const
const levels = ['disabled', 'all'] as const

/** Plain onnxruntime-node, as anybody would use it: all outputs for one image. */
async function runFile(bytes: Uint8Array, image: Float32Array, level: (typeof levels)[number] = 'all') {
  const session = await native!.InferenceSession.create(bytes, {
    graphOptimizationLevel: level,
    logSeverityLevel: 2,
  })
  const outputs = await session.run({ image: new native!.Tensor('float32', image, [1, 1, 32, 32, 32]) })
  await session.release()
  return outputs
}

function largestDifference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length)
  return Array.from(wanted).reduce((most, value, at) => Math.max(most, Math.abs(value - got[at])), 0)
}

// Parameters that SPEC 9.1 gives every encoder and the task does not need; encoder10 normalises single voxels of a 32³
// tile, which are 0 by definition (SPEC 9).
const unread = {
  segment: /^encoder\.mask_token$|^decoder\.encoder10\./,
  classify: /^encoder\.(mask_token$|layers\.3\.downsample\.|norm[01]\.)/,
}

type Made = Awaited<ReturnType<typeof makeModelFiles>>
let files: Made
const onnx = {} as Record<ClassTask, Uint8Array<ArrayBuffer>>

async function write(made: Made, network: ClassTask) {
  return (await exportModel(made, { format: 'onnx', network })).bytes
}

beforeAll(async () => {
  // The golden fixture's weights, so that PyTorch's numbers can be asked of the files.
  files = await makeModelFiles({ config: presets.tiny, seed: 7 })
  for (const network of tasks) onnx[network] = await write(files, network)
}, 120_000)

describe('an exported ONNX file', () => {
  it.each(tasks)('of %s uses standard operators of one opset and says what its ports are', network => {
    const { opsets, nodes, inputs, outputs, doc } = readOnnx(onnx[network])
    expect(opsets).toEqual([{ domain: '', version: 21 }])
    expect(new Set(nodes.map(({ domain }) => domain))).toEqual(new Set(['']))
    const shape = network === 'segment' ? [1, 2, 32, 32, 32] : [1, 2]
    expect(inputs.map(({ name, shape }) => [name, shape])).toEqual([['image', [1, 1, 32, 32, 32]]])
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['logits', shape],
      ['probability', shape],
    ])
    expect(inputs[0].doc).toContain('HU clipped to [-1000, 400] and mapped linearly to [0, 1]')
    for (const port of outputs)
      expect(port.doc).toContain(files.manifest.networks[network]!.labels.join(', '))
    expect(doc).toContain('Research use — not for clinical use')
  })

  it.each(tasks)('of %s holds the parameters under their own names, shapes and values', network => {
    const { initialisers, nodes } = readOnnx(onnx[network])
    const shapes = parameterShapes(presets.tiny, taskParts[network])
    const own = Object.entries(initialisers).filter(([name]) => !name.startsWith('constants/'))
    const weights = readSafetensors(files.weights).tensors
    for (const [name, { shape, raw }] of own) {
      expect([name, ...shape]).toEqual([name, ...shapes[name]])
      const { buffer, byteOffset, byteLength } = weights[`${network}.${name}`].data
      expect(Buffer.compare(raw, new Uint8Array(buffer, byteOffset, byteLength)), name).toBe(0)
    }
    const left = Object.keys(shapes).filter(name => !(name in initialisers))
    expect(left.filter(name => !unread[network].test(name))).toEqual([])
    expect(left).toContain('encoder.mask_token')
    const names = nodes.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('encoder.layers.0.blocks.1.attn.qkv/MatMul')
  })

  it('moves no grid of a residual block to other axes and back between its convolutions', () => {
    const { nodes } = readOnnx(onnx.segment)
    const producer = new Map(nodes.flatMap(node => node.output.map(name => [name, node] as const)))
    const convolutions = nodes.filter(({ opType }) => opType === 'Conv')
    const wrapped = convolutions.filter(({ input }) => producer.get(input[0])?.opType === 'Transpose')
    // SPEC 9: encoder1 has three convolutions, encoder2 to encoder4 two each, five decoder blocks three each, and there is
    // the last one; encoder10 vanishes at 32³. Only what reads tokens begins with a transpose: encoder2 to encoder4, and
    // decoder5, which joins the bottleneck to the last stage.
    expect(convolutions.length).toBe(25)
    expect(wrapped.map(({ name }) => name.replace(/\/.*/, '')).sort()).toEqual([
      'decoder.decoder5.conv_block.conv1.conv',
      'decoder.decoder5.conv_block.conv3.conv',
      'decoder.encoder2.layer.conv1.conv',
      'decoder.encoder3.layer.conv1.conv',
      'decoder.encoder4.layer.conv1.conv',
    ])
    const cancelling = nodes.filter(
      node => node.opType === 'Transpose' && producer.get(node.input[0])?.opType === 'Transpose',
    )
    expect(cancelling.map(({ name }) => name)).toEqual([])
  })

  it('carries everything that is needed to use it', async () => {
    const { metadata } = readOnnx(onnx.segment)
    expect(metadata).toMatchObject({
      notice: 'Research use — not for clinical use',
      schemaVersion: '1',
      name: 'test',
      version: '0.0.1',
      identity: await modelIdentity(files.manifest, files.weights),
      network: 'segment',
      licence: 'Apache-2.0',
      axes: 'DHW, S+ A+ R+',
      labels: '["background","nodule"]',
      spacingMm: '[4,4,4]',
      shape: '[32,32,32]',
      huWindow: '[-1000,400]',
      outputRange: '[0,1]',
      padHu: '-1024',
      thresholds: '{}',
    })
    expect(JSON.parse(metadata.provenance)).toEqual(files.manifest.provenance)
    expect(JSON.parse(metadata.config)).toEqual(presets.tiny)
  })

  it('is the same bytes whenever it is written', async () => {
    const { bytes, fileName } = await exportModel(files, { format: 'onnx', network: 'classify' })
    expect(Buffer.compare(bytes, onnx.classify)).toBe(0)
    expect(fileName).toBe('test-0.0.1-classify.onnx')
  })
})

describe.skipIf(!native)('an exported ONNX file in plain onnxruntime-node', () => {
  it.each(levels)('gives PyTorch’s numbers with optimisation %s', async level => {
    const fixture = await readFixture(path.join(golden, 'whole', 'tiny_forward_32.json'), golden)
    const image = fixture.tensors['in.image'].data as Float32Array
    for (const [network, name] of [
      ['segment', 'out.seg_logits'],
      ['classify', 'out.cls_logits'],
    ] as const) {
      const { logits, probability } = await runFile(onnx[network], image, level)
      const wanted = fixture.tensors[name]
      // The fixture states how far float32 may be from its float64 oracle.
      expect(largestDifference(logits.data as Float32Array, wanted.data)).toBeLessThan(
        fixture.info[name].atol as number,
      )
      const voxels = logits.data.length / 2
      const sums = Float32Array.from({ length: voxels }, (_, at) => {
        const classes = probability.data as Float32Array
        return classes[at] + classes[voxels + at]
      })
      // Two roundings of numbers below one.
      expect(largestDifference(sums, new Float32Array(voxels).fill(1))).toBeLessThan(3e-7)
    }
  })

  it('gives the probabilities that this program shows', () => expectOurNumbers(files, onnx))

  for (const preset of ['small', 'base'] as const)
    it.skipIf(!process.env.SMARTFORMER_FULL)(
      `gives the probabilities that this program shows with the preset ${preset}`,
      async () => {
        const made = await makeModelFiles({ config: presets[preset] })
        await expectOurNumbers(made, {
          segment: await write(made, 'segment'),
          classify: await write(made, 'classify'),
        })
      },
      600_000,
    )
})

/** File and session path compute the same sums in another order: some float32 roundings of a probability, 1e-5. */
async function expectOurNumbers(made: Made, written: typeof onnx): Promise<void> {
  const image = Float32Array.from(hashUniform('crop', 3, 32 ** 3, 0.5, 0.5))
  const model = await loadModel(made, await loadNodeRuntime(2))
  const wanted = {
    segment: await model.segment!(image),
    classify: (await model.classify!(image)).subarray(1),
  }
  await model.release()
  for (const network of tasks) {
    const { probability } = await runFile(written[network], image)
    // The second class is the one that is shown.
    const classes = probability.data as Float32Array
    const difference = largestDifference(classes.subarray(classes.length / 2), wanted[network])
    expect(difference, network).toBeLessThan(1e-5)
  }
}

describe('an exported safetensors file', () => {
  it.each(tasks)(
    'of %s holds float32 under SPEC 9.1’s names without prefix, and the metadata',
    async network => {
      const { bytes, fileName } = await exportModel(files, { format: 'safetensors', network })
      expect(fileName).toBe(`test-0.0.1-${network}.safetensors`)
      const { tensors, metadata } = readSafetensors(bytes)
      const shapes = parameterShapes(presets.tiny, taskParts[network])
      expect(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))).toEqual(
        shapes,
      )
      expect(new Set(Object.values(tensors).map(({ dtype }) => dtype))).toEqual(new Set(['F32']))
      expect(metadata).toEqual(readOnnx(onnx[network]).metadata)
    },
  )

  it('has half-precision weights as the float32 numbers that they are', async () => {
    const folder = fileURLToPath(new URL('../../public/models/demo/', import.meta.url))
    const manifest: unknown = JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8'))
    const weights = new Uint8Array(await readFile(path.join(folder, 'weights.safetensors')))
    const { bytes } = await exportModel({ manifest, weights }, { format: 'safetensors', network: 'classify' })
    const name = 'encoder.patch_embed.proj.weight'
    const half = readSafetensors(weights).tensors[`classify.${name}`]
    const { dtype, data } = readSafetensors(bytes).tensors[name]
    expect([half.dtype, dtype]).toEqual(['F16', 'F32'])
    // Node reads binary16 through DataView only in newer versions; 0x3c00 is 1, and sign and exponent lie as in float32.
    const asNumber = (bits: number) => {
      const size =
        bits & 0x7c00 ? (1 + (bits & 1023) / 1024) * 2 ** (((bits >> 10) & 31) - 15) : (bits & 1023) / 2 ** 24
      return bits & 0x8000 ? -size : size
    }
    expect(Array.from(data)).toEqual(Array.from(half.data as Uint16Array, asNumber))
  })
})

describe('the export', () => {
  it('takes the segmentation where nothing is said, or the only network', async () => {
    expect((await exportModel(files, { format: 'safetensors' })).network).toBe('segment')
    const only = await makeModelFiles({ tasks: ['classify'] })
    expect((await exportModel(only, { format: 'safetensors' })).network).toBe('classify')
    const refused = exportModel(only, { format: 'onnx', network: 'segment' })
    await expect(refused).rejects.toThrow(/has no network 'segment', only classify/)
    await expect(refused).rejects.toBeInstanceOf(InputError)
  })

  it('refuses weights that are not the described ones', async () => {
    const weights = files.weights.slice()
    weights[weights.length - 1] ^= 1
    await expect(exportModel({ ...files, weights }, { format: 'onnx' })).rejects.toThrow(InputError)
  })

  it('stops where it is cancelled, and says how far it is', async () => {
    const controller = new AbortController()
    const stages: string[] = []
    const cancelled = exportModel(
      files,
      { format: 'onnx' },
      {
        signal: controller.signal,
        onProgress: ({ stage }) => {
          stages.push(stage)
          if (stages.length === 2) controller.abort()
        },
      },
    )
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError)
    expect(stages).toEqual(['Checking the weights', 'Writing the network'])
  })
})
