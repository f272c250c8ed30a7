// npm run attention: how far the semantic attention of a network is from even, over crops of phantoms that it has not seen,
// beside its untrained twin, so that what training added can be told from what the initialiser gave; and, of a network that
// fills in what is hidden, how well it does behind each kind of mask.
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { voxelCount, type Triple } from '../src/base/shape.ts'
import { attend, attentionProgram } from '../src/insight/attention.ts'
import { attentionSpread, type AttentionSpread } from '../src/insight/attentionSpread.ts'
import { untrainedParameters } from '../src/insight/labEncoder.ts'
import { openLabModel, tasksWithAttention, type LabModel, type Role } from '../src/insight/labModel.ts'
import { defaultMasks, makeMask, maskKinds } from '../src/insight/masks.ts'
import { MARK } from '../src/insight/painting.ts'
import { expandCells, reconstructCrop, tokenVoxels } from '../src/insight/reconstruction.ts'
import { stageGrid } from '../src/network/encoder.ts'
import { taskParts, type NetworkEntry, type NetworkTask } from '../src/network/model.ts'
import { Random } from '../src/phantom/random.ts'
import type { ModelFiles } from '../src/prediction/loadModel.ts'
import { normaliseHu } from '../src/tokens/normalise.ts'
import { phantomSource } from '../src/training/pretrain/cases.ts'
import { pretrainedModel } from '../src/training/pretrain/pretrainedModel.ts'
import { folderStorage } from './support/folderStorage.ts'
import { readModelFiles } from './support/modelFiles.ts'
import { loadNodeRuntime } from './support/nodeRuntime.ts'
import { parseCount } from './support/pretrainFlags.ts'
import { runCommand } from './support/runCommand.ts'

const usage = 'npm run attention -- [--model smart-demo | --run RUN] [--crops 16] [--threads N]'
/** As the teacher sees while it chooses the masks. */
const teacherNoise = 0.7

interface Network {
  readonly model: LabModel
  readonly task: NetworkTask
  readonly entry: NetworkEntry
}

/** Normalised crops of validation phantoms, one a phantom, always the same. */
async function drawCrops(
  { shape, spacingMm, huWindow, outputRange }: NetworkEntry,
  count: number,
): Promise<Float32Array[]> {
  const source = phantomSource('val')
  const crops: Float32Array[] = []
  for (let i = 0; i < count; i++) {
    const hu = (await source.open(i)).crop(shape, spacingMm, new Random(1, i))
    crops.push(normaliseHu(hu, huWindow, outputRange, hu))
  }
  return crops
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function spreadRow(name: string, maps: readonly Float32Array[]): string {
  const spreads = maps.map(attentionSpread)
  const over = (read: (spread: AttentionSpread) => number, digits: number) => {
    const values = spreads.map(read).sort((a, b) => a - b)
    const [low, high] = [values[0], values[values.length - 1]]
    return `${meanOf(values).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`
  }
  const cells = [
    over(one => one.least, 5),
    over(one => one.most, 5),
    over(one => one.mostOverMean, 3),
    over(one => one.entropyShare, 6),
  ]
  return `| ${[name, ...cells].join(' | ')} |`
}

/** Maps of the untrained twin, on clean crops. */
async function untrainedMaps(
  { model, entry }: Network,
  crops: readonly Float32Array[],
): Promise<Float32Array[]> {
  const { config, shape } = entry
  const parameters = untrainedParameters(config, { sa: true })
  const program = await model.program('untrained', () => attentionProgram(config, parameters, shape))
  const keep = new Float32Array(voxelCount(stageGrid(shape, 0) as unknown as Triple)).fill(1)
  const maps: Float32Array[] = []
  for (const image of crops) maps.push(Float32Array.from((await program.run({ image, keep })).satt.data))
  return maps
}

async function mapsOf(
  { model, task, entry }: Network,
  crops: readonly Float32Array[],
  role: Role,
  noise = 0,
) {
  const maps: Float32Array[] = []
  for (const [at, image] of crops.entries()) {
    const dropout = noise > 0 ? { seed: at + 1, ratio: noise } : undefined
    maps.push((await attend(model, image, entry.shape, { task, role, dropout })).satt)
  }
  return maps
}

async function printAttention(network: Network, crops: readonly Float32Array[]): Promise<void> {
  console.log('| network | least attention | most | most / mean | entropy / ln N |')
  console.log('| --- | --- | --- | --- | --- |')
  console.log(spreadRow('untrained', await untrainedMaps(network, crops)))
  console.log(spreadRow('student', await mapsOf(network, crops, 'student')))
  if (network.entry.teacher) console.log(spreadRow('teacher', await mapsOf(network, crops, 'teacher')))
}

/** Mean |value − mean of the crop| over the voxels that a mask hides: what is off when the mean is predicted everywhere. */
function errorOfMean(image: Float32Array, hidden: Uint8Array, grid: Triple): number {
  const mean = image.reduce((sum, value) => sum + value, 0) / image.length
  const isHidden = expandCells(hidden, grid, tokenVoxels)
  const sum = image.reduce((total, value, at) => total + isHidden[at] * Math.abs(value - mean), 0)
  return sum / isHidden.reduce((total, one) => total + one, 0)
}

/** Masks follow the attention of the noisy teacher, as in training; without one, that of the student. */
async function printReconstruction(network: Network, crops: readonly Float32Array[]): Promise<void> {
  const { model, task, entry } = network
  const role = entry.teacher ? 'teacher' : 'student'
  const maps = await mapsOf(network, crops, role, teacherNoise)
  const grid = stageGrid(entry.shape, 2) as unknown as Triple
  console.log('\n| mask | masked L1 | predicting the mean | crops in which it is lower |')
  console.log('| --- | --- | --- | --- |')
  for (const kind of maskKinds) {
    const pairs: [number, number][] = []
    for (const [at, image] of crops.entries()) {
      const { codes } = makeMask(kind, maps[at], grid, { ...defaultMasks, seed: at + 1 })
      const hidden = codes.map(code => (code === MARK.masked ? 1 : 0))
      const { maskedL1 } = await reconstructCrop(model, task, image, entry.shape, hidden)
      pairs.push([maskedL1, errorOfMean(image, hidden, grid)])
    }
    const [ours, means] = [pairs.map(([own]) => own), pairs.map(([, mean]) => mean)]
    const lower = pairs.filter(([own, mean]) => own < mean).length
    console.log(
      `| ${kind} | ${meanOf(ours).toFixed(3)} | ${meanOf(means).toFixed(3)} | ${lower} of ${crops.length} |`,
    )
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      run: { type: 'string' },
      crops: { type: 'string', default: '16' },
      threads: { type: 'string' },
    },
  })
  if (values.model !== undefined && values.run !== undefined)
    throw new InputError(`One of --model and --run is expected. Usage: ${usage}`)
  const count = parseCount('crops', values.crops)
  const threads = values.threads === undefined ? undefined : parseCount('threads', values.threads)
  const files: ModelFiles = values.run
    ? await pretrainedModel(folderStorage(values.run), { name: 'run' })
    : await readModelFiles(values.model ?? 'smart-demo')
  const runtime = await loadNodeRuntime(threads)
  const model = await openLabModel(files, {
    openGpu: () => Promise.resolve(undefined),
    openCpu: () => runtime,
  })
  const task = tasksWithAttention(model.manifest).at(-1)!
  const network = { model, task, entry: model.manifest.networks[task]! }
  const crops = await drawCrops(network.entry, count)
  console.log(`Research use — not for clinical use. Mean (least–most) over ${crops.length} phantom crops\n`)
  await printAttention(network, crops)
  if (taskParts[task].recHead) await printReconstruction(network, crops)
  await model.release()
}

runCommand(main)
