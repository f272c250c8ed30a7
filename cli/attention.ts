// npm run attention: how far the semantic attention of a network is from even, over crops of phantoms that it has not seen.
// Its untrained twin stands beside it, so that what training added can be told from what the initialiser gave.
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { voxelCount, type Triple } from '../src/base/shape.ts'
import { attentionProgram } from '../src/insight/attention.ts'
import { attentionSpread, type AttentionSpread } from '../src/insight/attentionSpread.ts'
import { openSteadyProgram } from '../src/insight/steadyProgram.ts'
import type { NetworkConfig } from '../src/network/config.ts'
import { stageGrid } from '../src/network/encoder.ts'
import { initialiseParameters } from '../src/network/initialise.ts'
import { networkTasks, parseManifest, taskParts, teacherPrefix } from '../src/network/model.ts'
import { parameterShapes } from '../src/network/parameters.ts'
import { readSafetensorsData } from '../src/network/safetensors.ts'
import { Random } from '../src/phantom/random.ts'
import { readWeights, takeParameters, type Parameter } from '../src/prediction/weights.ts'
import { normaliseHu } from '../src/tokens/normalise.ts'
import { phantomSource } from '../src/training/pretrain/cases.ts'
import { readConfig } from '../src/training/pretrain/runRecord.ts'
import { readSave } from '../src/training/run/checkpoint.ts'
import { folderStorage } from './support/folderStorage.ts'
import { readModelFiles } from './support/modelFiles.ts'
import { loadNodeRuntime } from './support/nodeRuntime.ts'
import { parseCount } from './support/pretrainFlags.ts'
import { runCommand } from './support/runCommand.ts'

const usage = 'npm run attention -- [--model smart-demo | --run RUN] [--crops 16] [--threads N]'

type Parameters = Readonly<Record<string, Parameter>>

interface Measured {
  readonly config: NetworkConfig
  readonly shape: Triple
  readonly spacingMm: Triple
  readonly huWindow: readonly [number, number]
  readonly outputRange: readonly [number, number]
  /** By what they are called in the table. */
  readonly networks: Readonly<Record<string, Parameters>>
}

function untrained(config: NetworkConfig): Parameters {
  const shapes = parameterShapes(config, { sa: true })
  const values = initialiseParameters(shapes, 1)
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: values[name] }]),
  )
}

async function openFolder(name: string): Promise<Measured> {
  const files = await readModelFiles(name)
  const manifest = parseManifest(files.manifest)
  const task = networkTasks.findLast(one => manifest.networks[one] && taskParts[one].sa)
  const entry = task && manifest.networks[task]
  if (!entry) throw new InputError(`The model '${name}' has no network with semantic attention.`)
  const weights = await readWeights(manifest, files.weights)
  const student = takeParameters(weights, entry.prefix)
  const teacher: Record<string, Parameters> = entry.teacher
    ? { teacher: takeParameters(weights, teacherPrefix) }
    : {}
  return { ...entry, networks: { untrained: untrained(entry.config), student, ...teacher } }
}

async function openRun(folder: string): Promise<Measured> {
  const storage = folderStorage(folder)
  const [known, save] = [await readConfig(storage), await readSave(storage)]
  if (!known || !save) throw new InputError(`There is no pretraining run with a checkpoint in ${folder}.`)
  const { tensors } = readSafetensorsData(save.layout)
  const { config, cropShape, spacingMm, huWindow, outputRange } = known.recipe
  const take = (prefix: string) =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { shape, data }]) => [
          name.slice(prefix.length),
          { shape, data: Float32Array.from(data) },
        ]),
    )
  const networks = { untrained: untrained(config), student: take('student.'), teacher: take('teacher.') }
  return { config, shape: cropShape, spacingMm, huWindow, outputRange, networks }
}

/** Normalised crops of validation phantoms, one a phantom, always the same. */
async function drawCrops(
  { shape, spacingMm, huWindow, outputRange }: Measured,
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

function tableRow(name: string, spreads: readonly AttentionSpread[]): string {
  const over = (read: (spread: AttentionSpread) => number, digits: number) => {
    const values = spreads.map(read).sort((a, b) => a - b)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const [low, high] = [values[0], values[values.length - 1]]
    return `${mean.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`
  }
  const cells = [
    over(one => one.least, 5),
    over(one => one.most, 5),
    over(one => one.mostOverMean, 3),
    over(one => one.entropyShare, 6),
  ]
  return `| ${[name, ...cells].join(' | ')} |`
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
  const measured = values.run ? await openRun(values.run) : await openFolder(values.model ?? 'smart-demo')
  const { config, shape, networks } = measured
  const crops = await drawCrops(measured, parseCount('crops', values.crops))
  const runtime = await loadNodeRuntime(
    values.threads === undefined ? undefined : parseCount('threads', values.threads),
  )
  const keep = new Float32Array(voxelCount(stageGrid(shape, 0) as unknown as Triple)).fill(1)
  console.log(`Research use — not for clinical use. Mean (least–most) over ${crops.length} phantom crops\n`)
  console.log('| network | least attention | most | most / mean | entropy / ln N |')
  console.log('| --- | --- | --- | --- | --- |')
  for (const [name, parameters] of Object.entries(networks)) {
    const program = await openSteadyProgram(attentionProgram(config, parameters, shape), {
      openGpu: () => Promise.resolve(undefined),
      openCpu: () => runtime,
    })
    const spreads: AttentionSpread[] = []
    for (const image of crops)
      spreads.push(attentionSpread(Float32Array.from((await program.run({ image, keep })).satt.data)))
    await program.release()
    console.log(tableRow(name, spreads))
  }
}

runCommand(main)
