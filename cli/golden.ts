// npm run golden -- <folder> [--device cpu|onnx|tfjs|webgpu|plan|plan-f16|all]
// Runs every golden fixture of a folder on each path: the compiled ONNX graph (the CPU path of the product), tfjs's plain
// JavaScript (unit fixtures), and on WebGPU, in child processes, tfjs operation by operation (unit fixtures) and compiled
// plans, also ones that store halves (whole forward passes). One line a fixture; exit code 1 on a failure.
import path from 'node:path'
import { InputError } from '../src/base/errors.ts'
import { findFixtures, runFixtureFile } from './golden/fixtureFiles.ts'
import { isGpuPath, reportToParent, runInChild } from './golden/gpuChild.ts'
import type { Path } from '../src/training/golden/operation.ts'
import { openPath, type PathName } from './golden/paths.ts'
import type { Outcome } from '../src/training/golden/runFixture.ts'

const devices: Record<string, readonly PathName[]> = {
  cpu: ['onnx'],
  onnx: ['onnx'],
  tfjs: ['tfjs'],
  webgpu: ['webgpu', 'plan', 'plan-f16'],
  plan: ['plan'],
  'plan-f16': ['plan-f16'],
  all: ['onnx', 'tfjs', 'webgpu', 'plan', 'plan-f16'],
}

interface Arguments {
  readonly folder: string
  readonly paths: readonly PathName[]
  /** Present in a child process that runs a WebGPU path: which one, and the fixtures it is to run. */
  readonly child: { readonly name: PathName; readonly files: readonly string[] } | undefined
}

function parseArguments(args: readonly string[]): Arguments {
  const at = args.indexOf('--device')
  const device = at < 0 ? 'all' : (args[at + 1] ?? '')
  if (!Object.hasOwn(devices, device))
    throw new InputError(
      `--device is '${device}', but one of ${Object.keys(devices).join(', ')} is expected.`,
    )
  const child = args.indexOf('--child')
  const folder = args.find((value, index) => !value.startsWith('--') && (at < 0 || index !== at + 1))
  if (!folder)
    throw new InputError(
      'Name a folder of golden fixtures: npm run golden -- <folder> [--device cpu|webgpu|all].',
    )
  return {
    folder: path.resolve(folder),
    paths: devices[device],
    child: child < 0 ? undefined : { name: args[child + 1] as PathName, files: args.slice(child + 2) },
  }
}

function print(outcome: Outcome): void {
  console.log(
    `${outcome.status.padEnd(7)} ${outcome.path.padEnd(8)} ${outcome.label.padEnd(44)} ${outcome.text}`,
  )
}

/** Every fixture on one path of this process; where the path cannot be had, each is skipped with the reason. */
async function runHere(
  name: PathName,
  files: readonly string[],
  folder: string,
  onOutcome: (outcome: Outcome) => void | Promise<void>,
): Promise<void> {
  let opened: Path
  try {
    opened = await openPath(name)
  } catch (error) {
    const text = `not available: ${error instanceof Error ? error.message : String(error)}`
    for (const file of files)
      await onOutcome({
        path: name,
        label: path.relative(folder, file).replace(/\.json$/, ''),
        status: 'skipped',
        text,
      })
    return
  }
  for (const file of files) await onOutcome(await runFixtureFile(file, folder, opened))
}

async function main(): Promise<number> {
  const { folder, paths, child } = parseArguments(process.argv.slice(2))
  if (child) {
    await runHere(child.name, child.files, folder, reportToParent)
    return 0
  }
  const files = await findFixtures(folder)
  if (files.length === 0)
    throw new InputError(
      `The folder '${folder}' holds no golden fixture (NAME.json beside NAME.safetensors).`,
    )
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const onOutcome = (outcome: Outcome) => {
    counts[outcome.status] += 1
    print(outcome)
  }
  for (const name of paths) {
    if (isGpuPath(name)) await runInChild(name, files, folder, onOutcome, remark => console.log(remark))
    else await runHere(name, files, folder, onOutcome)
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return counts.failed > 0 ? 1 : 0
}

main().then(
  code => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof InputError ? error.message : error)
    process.exit(2)
  },
)
