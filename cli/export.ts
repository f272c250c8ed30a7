// npm run export -- --model NAME --format onnx|safetensors --out FILE [--network segment|classify]
// One network of a model as a file for use elsewhere; what stands in it: docs/onnx.md. NAME is a folder of public/models
// or a path.
import { rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '../src/base/errors.ts'
import { exportFormats, exportModel, type ExportFormat } from '../src/prediction/exportModel.ts'
import { researchNotice } from '../src/prediction/pipelineVersion.ts'
import type { ClassTask } from '../src/network/model.ts'
import { readModelFiles } from './support/modelFiles.ts'
import { runCommand } from './support/runCommand.ts'

const usage =
  'npm run export -- --model NAME --format onnx|safetensors --out FILE [--network segment|classify]'

interface Arguments {
  readonly model: string
  readonly format: ExportFormat
  readonly network: ClassTask | undefined
  readonly out: string
}

/** The value if it is one of those allowed. @throws InputError */
function oneOf<Word extends string>(option: string, value: string, allowed: readonly Word[]): Word {
  const known = allowed.find(word => word === value)
  if (!known)
    throw new InputError(`${option} is '${value}', but ${allowed.join(' or ')} is expected: ${usage}.`)
  return known
}

function parseArguments(args: string[]): Arguments {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { model: text, format: text, network: text, out: text } })
  const { model, format, network, out } = values
  if (!model || !format || !out) throw new InputError(`--model, --format and --out are expected: ${usage}.`)
  return {
    model,
    format: oneOf('--format', format, exportFormats),
    network:
      network === undefined ? undefined : oneOf('--network', network, ['segment', 'classify'] as const),
    out,
  }
}

/** Written beside its final name and renamed, so that a reader never meets half a file. @throws InputError */
async function write(file: string, bytes: Uint8Array): Promise<void> {
  const part = `${file}.part`
  try {
    if ((await stat(file).catch(() => undefined))?.isDirectory()) throw new Error(`${file} is a folder`)
    await writeFile(part, bytes)
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw new InputError(
      `The file ${file} cannot be written: a path in a folder that exists and may be written to is expected; choose another --out.`,
      String(error),
    )
  }
}

async function main(): Promise<void> {
  const { model, format, network, out } = parseArguments(process.argv.slice(2))
  const exported = await exportModel(await readModelFiles(model), { format, network })
  await write(path.resolve(out), exported.bytes)
  const megabytes = (exported.bytes.length / 1e6).toFixed(1)
  console.log(`${out}: network '${exported.network}', ${megabytes} MB, identity ${exported.identity}`)
  console.log(researchNotice)
}

runCommand(main)
