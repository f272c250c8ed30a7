// npm run phantom -- --seed N --out DIR [--spacing D,H,W]
// Writes one synthetic chest CT: image.nii.gz, labels.nii.gz, instances.nii.gz and truth.json. Everything says synthetic.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import type { Triple } from '../src/base/shape.ts'
import { generatePhantom, phantomVersion, type Phantom } from '../src/phantom/phantom.ts'
import { writeNifti } from '../src/volume/writeNifti.ts'
import { runCommand } from './support/runCommand.ts'

const usage = 'npm run phantom -- --seed N --out DIR [--spacing D,H,W in mm] [--only image]'

function readSpacing(text: string | undefined): Triple | undefined {
  if (text === undefined) return undefined
  const values = text.split(',').map(Number)
  if (values.length !== 3 || !values.every(mm => mm > 0))
    throw new InputError(
      `--spacing is “${text}”; three numbers of millimetres like 2,1,1 are expected. ${usage}`,
    )
  return [values[0], values[1], values[2]]
}

/** What is known about the phantom: positions in RAS mm, sizes in mm and mm³. */
function describeTruth({ seed, volume, nodules, labelNames }: Phantom) {
  const { shape, spacingMm } = volume
  return {
    schemaVersion: 1,
    synthetic: true,
    notice: 'Synthetic chest CT; no patient. Research use — not for clinical use.',
    phantomVersion,
    seed,
    shape,
    spacingMm,
    nodules,
    labelNames,
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      out: { type: 'string' },
      spacing: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const { seed: seedText, out, only } = values
  if (seedText === undefined || !out)
    throw new InputError(`A seed and an output folder are expected: ${usage}`)
  if (only !== undefined && only !== 'image')
    throw new InputError(`--only is “${only}”; image is expected. ${usage}`)
  const started = performance.now()
  const phantom = generatePhantom(Number(seedText), { spacingMm: readSpacing(values.spacing) })
  const { volume } = phantom
  await mkdir(out, { recursive: true })
  const description = `synthetic chest, seed ${phantom.seed}; not for clinical use`
  const write = (name: string, data: Int16Array | Uint8Array) =>
    writeFile(path.join(out, name), writeNifti(data, volume, { description }))
  await write('image.nii.gz', volume.hu)
  if (only === undefined) {
    await write('labels.nii.gz', phantom.labels)
    await write('instances.nii.gz', phantom.instances)
  }
  await writeFile(path.join(out, 'truth.json'), `${JSON.stringify(describeTruth(phantom), null, 1)}\n`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `Synthetic chest ${phantom.seed}: ${volume.shape.join(' × ')} voxels, ${phantom.nodules.length} nodules, ${seconds} s; written to ${out}.`,
  )
}

runCommand(main)
