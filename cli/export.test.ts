import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exportModel } from '../src/prediction/exportModel.ts'
import { presets } from '../src/network/config.ts'
import { makeModelFiles } from '../src/prediction/testModel.ts'
import { testCommand } from './support/testCommand.ts'

const files = await makeModelFiles({ config: { ...presets.tiny, embed: 8, depths: [1, 1, 1, 1] } })
let folder: string
let model: string

const runExport = (...args: string[]) => testCommand('export', ...args)

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'export-'))
  model = path.join(folder, 'model')
  await mkdir(model)
  await writeFile(path.join(model, 'model.json'), JSON.stringify(files.manifest))
  await writeFile(path.join(model, 'weights.safetensors'), files.weights)
})
afterAll(() => rm(folder, { recursive: true }))

it.each(['onnx', 'safetensors'] as const)('the export command writes the %s file whole', async format => {
  const file = path.join(folder, `classify.${format}`)
  const { code, out, err } = await runExport(
    ...['--model', model, '--format', format, '--network', 'classify', '--out', file],
  )
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/network 'classify', \d+\.\d MB, identity [0-9a-f]{64}\nResearch use/)
  const wanted = await exportModel(files, { format, network: 'classify' })
  expect(Buffer.compare(await readFile(file), wanted.bytes)).toBe(0)
  expect((await readdir(folder)).filter(name => name.endsWith('.part'))).toEqual([])
})

it.each<[string, string[], RegExp]>([
  ['no arguments', [], /--model, --format and --out are expected: npm run export/],
  [
    'an unknown format',
    ['--model', 'M', '--format', 'torch', '--out', 'x'],
    /--format is 'torch', but onnx or safe/,
  ],
  [
    'an unknown network',
    ['--model', 'M', '--format', 'onnx', '--network', 'lobes', '--out', 'x'],
    /--network is 'lobes', but segment or classify/,
  ],
  ['an unknown option', ['--modle', 'demo'], /Unknown option '--modle'/],
  [
    'a model that is not there',
    ['--model', './nowhere', '--format', 'onnx', '--out', 'x'],
    /'.\/nowhere' cannot be/,
  ],
  ['a folder to write to', ['--model', 'M', '--format', 'safetensors', '--out', '.'], /cannot be written/],
])('the export command says in a sentence what is wrong with %s', async (_, args, sentence) => {
  const { code, out, err } = await runExport(...args.map(arg => (arg === 'M' ? model : arg)))
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(sentence)
  expect(err).not.toMatch(/^\s+at /m)
})
