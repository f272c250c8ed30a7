// npm run predict -- <scan> --out <folder> [--model NAME] [--device auto|webgpu|cpu] [--series ID] [--profile]
// The whole road in Node, with the same function that the page's worker runs. <scan> is a file, a folder, a zip, or
// phantom:SEED. Writes findings.json, segmentation.nii.gz, probability.nii.gz and run.json (docs/findings-json.md).
import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import type { RunTiming } from '../src/prediction/finding.ts'
import { toFindingsFile } from '../src/prediction/findingsFile.ts'
import type { PredictProgress, Prediction } from '../src/prediction/predict.ts'
import { predict } from '../src/prediction/predict.ts'
import type { OpenedSeries } from '../src/volume/volume.ts'
import { toFileGrid, writeNifti } from '../src/volume/writeNifti.ts'
import { openModel } from './support/openModel.ts'
import { openScan } from './support/openScan.ts'
import { runCommand } from './support/runCommand.ts'

const usage =
  'npm run predict -- <scan> --out <folder> [--model NAME] [--device auto|webgpu|cpu] [--series ID] [--profile]'

interface Arguments {
  readonly scan: string
  readonly out: string
  readonly model: string
  readonly device: string
  readonly series: string | undefined
  /** Print where a GPU's time goes. */
  readonly profile: boolean
}

function parseArguments(args: string[]): Arguments {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      model: { type: 'string', default: 'demo' },
      device: { type: 'string', default: 'auto' },
      series: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
  })
  const [scan, ...rest] = positionals
  if (!scan || rest.length > 0 || !values.out)
    throw new InputError(`One scan and --out are expected: ${usage}.`)
  const { out, model, device, series, profile } = values
  return { scan, out, model, device, series, profile }
}

/** One line on stderr, rewritten where that is a terminal, one a stage otherwise. */
function showProgress(): (progress: PredictProgress) => void {
  let last = ''
  return ({ stage, done, total, secondsLeft }) => {
    const forecast = secondsLeft === null ? '' : `, about ${Math.ceil(secondsLeft)} s left`
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${stage}: ${done} of ${total}${forecast}`)
    else if (stage !== last) process.stderr.write(`${stage}\n`)
    last = stage
  }
}

/** Seconds of `work`, added to `steps`. */
async function timed<T>(steps: RunTiming[], step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  steps.push({ step, seconds: (performance.now() - start) / 1000 })
  return result
}

/** Written beside its final name and renamed, so that a reader never meets half a file. */
async function write(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const target = path.join(folder, name)
  await writeFile(`${target}.part`, content)
  await rename(`${target}.part`, target)
}

async function writeImages(folder: string, series: OpenedSeries, prediction: Prediction): Promise<void> {
  const { fileGrid, volume, synthetic } = series
  const note = `research use, not for clinical use${synthetic ? ', synthetic' : ''}`
  const labels = toFileGrid(prediction.labels, volume.shape, fileGrid)
  await write(
    folder,
    'segmentation.nii.gz',
    writeNifti(labels, fileGrid, { description: `nodules; ${note}` }),
  )
  const probability = toFileGrid(prediction.probability, volume.shape, fileGrid)
  const options = { description: `nodule probability; ${note}`, slope: 1 / 255 }
  await write(folder, 'probability.nii.gz', writeNifti(probability, fileGrid, options))
}

async function main(): Promise<void> {
  const options = parseArguments(process.argv.slice(2))
  const { scan, out, model: modelName, device, series: seriesId } = options
  const startedAt = new Date().toISOString()
  const steps: RunTiming[] = []
  const begin = performance.now()
  const series = await timed(steps, 'Opening the scan', () => openScan(scan, seriesId))
  const opened = await timed(steps, 'Loading the model', () =>
    openModel(modelName, device, options.profile ? table => console.log(`${table}\n`) : undefined),
  )
  const { model, runtime, remark } = opened
  if (remark) process.stderr.write(`${remark}\n`)
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  try {
    const onProgress = showProgress()
    const prediction = await predict({ series, model, runtime, signal: controller.signal, onProgress })
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    steps.push(...prediction.timings)
    await mkdir(out, { recursive: true })
    await timed(steps, 'Writing the images', () => writeImages(out, series, prediction))
    const file = toFindingsFile(series, prediction)
    await write(out, 'findings.json', `${JSON.stringify(file, null, 2)}\n`)
    const run = {
      schemaVersion: 1,
      pipelineVersion: file.pipelineVersion,
      notice: file.notice,
      startedAt,
      device: file.device,
      model: file.model,
      synthetic: series.synthetic,
      tiles: prediction.tiles,
      steps,
      seconds: (performance.now() - begin) / 1000,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      lungs: { right: prediction.lungField.right, left: prediction.lungField.left },
      warnings: file.warnings,
    }
    await write(out, 'run.json', `${JSON.stringify(run, null, 2)}\n`)
    const count = file.findings.length
    const found =
      count === 0 ? 'No nodule was found' : `${count} ${count === 1 ? 'nodule was' : 'nodules were'} found`
    console.log(`${found} in ${run.seconds.toFixed(1)} s on ${file.device}; written to ${out}.`)
    console.log(file.notice)
  } finally {
    await model.release()
  }
}

runCommand(main)
