// npm run bench:pack: the benchmark as one folder that runs on a machine with a GPU and without network, given Node and,
// for the page's part, Chrome or Chromium. For this system's kind of machine unless told: --platform linux --arch x64.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { runCommand } from '../cli/support/runCommand.ts'
import { InputError } from '../src/base/errors.ts'

const here = path.dirname(process.argv[1])
const root = path.join(here, '..')
const folder = path.join(root, 'dist-bench', 'smartformer-bench')
const modules = (...parts: string[]) => path.join(root, 'node_modules', ...parts)

const natives = ['webgpu', 'onnxruntime-node', 'onnxruntime-common', 'playwright-core']

/** The command with everything but what is native or loaded on demand. */
async function bundleCommand(): Promise<void> {
  await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'warn',
    // tfjs's WASM glue asks where it stands; CommonJS would have told it.
    define: { __dirname: 'import.meta.dirname' },
    ssr: { noExternal: true, external: [...natives, 'onnxruntime-web', 'vite'] },
    build: {
      ssr: path.join(here, 'main.ts'),
      outDir: folder,
      emptyOutDir: true,
      target: 'node20',
      rollupOptions: {
        output: { format: 'es', entryFileNames: 'bench.mjs', chunkFileNames: 'parts/[hash].mjs' },
      },
    },
  })
}

/** Copies a package; of its binaries only those of one kind of machine. */
function copyPackage(name: string, isWanted: (file: string) => boolean): void {
  if (!existsSync(modules(name)))
    throw new InputError(
      `The package ${name} is not installed here, but the packed benchmark needs it; run npm ci and try again.`,
    )
  cpSync(modules(name), path.join(folder, 'node_modules', name), { recursive: true, filter: isWanted })
}

function copyNatives(platform: string, arch: string): void {
  const dawn = readdirSync(modules('webgpu', 'dist'))
  const machine = [`${platform}-${arch}`, `${platform}-universal`].find(each => dawn.includes(each))
  if (!machine)
    throw new InputError(
      `The package webgpu has binaries for ${dawn.join(', ')}, but ${platform}-${arch} was asked.`,
    )
  const foreignDawn = dawn.filter(each => each !== machine).map(each => modules('webgpu', 'dist', each))
  copyPackage('webgpu', file => !foreignDawn.includes(file))
  const binaries = modules('onnxruntime-node', 'bin')
  const own = `${path.sep}${platform}${path.sep}${arch}`
  copyPackage('onnxruntime-node', file => {
    const depth = path.relative(binaries, file).split(path.sep).length
    return !file.startsWith(binaries) || depth < 3 || file.includes(own)
  })
  copyPackage('onnxruntime-common', () => true)
  copyPackage('playwright-core', () => true)
}

const start = [
  '#!/bin/sh',
  '# Runs the benchmark; arguments as of npm run bench. Results of --write stand in docs/benchmarks of this folder.',
  'cd "${0%/*}" && exec node --no-warnings bench.mjs "$@"',
  '',
].join('\n')

function writeStart(): void {
  const file = path.join(folder, 'run.sh')
  writeFileSync(file, start)
  chmodSync(file, 0o755)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      platform: { type: 'string', default: process.platform },
      arch: { type: 'string', default: process.arch },
    },
  })
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await bundleCommand()
  await build({
    configFile: path.join(here, 'vite.config.ts'),
    build: { outDir: path.join(folder, 'page-built') },
  })
  copyNatives(values.platform, values.arch)
  const wasm = modules('@tensorflow', 'tfjs-backend-wasm', 'dist')
  for (const name of readdirSync(wasm).filter(each => each.endsWith('.wasm')))
    cpSync(path.join(wasm, name), path.join(folder, 'tfjs-wasm', name))
  writeStart()
  console.log(`Packed for ${values.platform}-${values.arch}: ${path.relative(process.cwd(), folder)}/run.sh`)
}

runCommand(main)
