import { zipSync } from 'fflate'
import { beforeAll, expect, test } from 'vitest'
import { InputError } from '../base/errors.ts'
import type { ModelManifest } from '../network/model.ts'
import { makeModelFiles } from '../prediction/testModel.ts'
import type { ScanFile } from '../volume/volume.ts'
import { zipNames } from '../volume/zipNames.ts'
import { packModel, readModelFiles } from './modelFiles.ts'
import { checkModel, modelLibrary } from './modelLibrary.ts'
import { memoryFolder, type FileFolder } from './opfs.ts'

let files: { manifest: ModelManifest; weights: Uint8Array }
beforeAll(async () => {
  files = await makeModelFiles({ tasks: ['classify'] })
})

const scanFile = (path: string, bytes: Uint8Array): ScanFile => ({
  path,
  sizeBytes: bytes.length,
  bytes: async () => bytes,
  head: async count => bytes.subarray(0, count),
})
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const names = { name: 'mine', title: 'Mine', version: '2.0.0' }

test('a model that is kept is listed, read and described by its identity', async () => {
  const library = modelLibrary(memoryFolder())
  const checked = await checkModel(files)
  await library.add(checked)
  const { models, problems } = await library.list()
  expect(problems).toEqual([])
  expect(models.map(one => one.identity)).toEqual([checked.identity])
  expect(Buffer.compare((await library.read(checked.identity)).weights, files.weights)).toBe(0)
  expect(await library.card(checked.identity)).toContain('Research use — not for clinical use')
})

test('another name is another identity; the former one and the parent stay in the description', async () => {
  const library = modelLibrary(memoryFolder())
  const parent = { name: 'demo', version: '1', identity: 'a'.repeat(64) }
  const manifest = { ...files.manifest, provenance: { ...files.manifest.provenance, parent } }
  const { identity } = await library.add(await checkModel({ ...files, manifest }))
  const renamed = await library.rename(identity, names)
  expect(renamed.identity).not.toBe(identity)
  expect(renamed.manifest.provenance).toMatchObject({ parent, formerly: [identity] })
  expect((await library.list()).models).toHaveLength(1)
  const card = await library.card(renamed.identity)
  expect(card).toContain('# Mine 2.0.0')
  expect(card).toContain(renamed.identity)
  expect(card).not.toContain(identity)
  await expect(library.rename(renamed.identity, { ...names, name: '../x' })).rejects.toThrow(
    /cannot be taken/,
  )
})

test('what was deleted can be added again', async () => {
  const library = modelLibrary(memoryFolder())
  const { identity } = await library.add(await checkModel(files))
  const removed = await library.remove(identity)
  expect((await library.list()).models).toEqual([])
  await expect(library.read(identity)).rejects.toThrow(/is not among those that this browser keeps/)
  await library.add(removed)
  expect((await library.list()).models).toHaveLength(1)
})

test('without room nothing is kept, not even half a model', async () => {
  const folder = memoryFolder()
  const full = (inner: FileFolder): FileFolder => ({
    ...inner,
    write: async (name, bytes) => {
      if (name === 'model.json') throw new InputError('no room')
      await inner.write(name, bytes)
    },
    folder: name => full(inner.folder(name)),
  })
  await expect(modelLibrary(full(folder)).add(await checkModel(files))).rejects.toThrow('no room')
  expect(await folder.list()).toEqual([])
})

test('a packed model is read again, loose and as a zip, and is told from a scan by its names', async () => {
  const checked = await checkModel(files)
  const { fileName, bytes } = packModel(checked, 'test-0.0.1')
  expect(fileName).toBe('test-0.0.1.zip')
  const read = await readModelFiles([scanFile(fileName, bytes)])
  expect((await checkModel(read)).identity).toBe(checked.identity)
  expect(read.card).toBe(checked.card)
  expect(await zipNames(new Blob([bytes]))).toEqual(['model.json', 'weights.safetensors', 'card.md'])
  expect(await zipNames(new Blob([new Uint8Array(100)]))).toEqual([])
  const loose = [scanFile('a/model.json', json(files.manifest)), scanFile('a/w.safetensors', files.weights)]
  expect((await checkModel(await readModelFiles(loose))).identity).toBe(checked.identity)
})

test('incomplete, damaged and other versions of models are refused in a sentence', async () => {
  await expect(readModelFiles([scanFile('model.json', json({}))])).rejects.toThrow(/are expected/)
  const broken = { 'model.json': new TextEncoder().encode('{'), 'weights.safetensors': files.weights }
  const zip = zipSync(broken, { level: 0 })
  await expect(readModelFiles([scanFile('m.zip', zip)])).rejects.toThrow(/is no JSON/)
  await expect(readModelFiles([scanFile('m.zip', zip.subarray(0, 200))])).rejects.toThrow(
    /not a complete zip/,
  )
  const next = { ...files.manifest, schemaVersion: 2 }
  await expect(checkModel({ ...files, manifest: next })).rejects.toThrow(/schema version is 2, 1 is expected/)
  const weights = files.weights.slice(0, -8)
  await expect(checkModel({ ...files, weights })).rejects.toThrow(/are not the ones that the description/)
})
