// Runs a TypeScript command of cli/ or bench/ in Node: `node scripts/run.mjs cli/predict.ts ...args`.
// Adds the loader hooks for TypeScript (tsx) and for `shader.wgsl?raw` imports, which Vite resolves in the page.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { vulkanEnvironment } from './findChrome.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const [file, ...args] = process.argv.slice(2)
const hook = pathToFileURL(path.join(here, 'rawImports.mjs')).href
const child = spawn(
  process.execPath,
  ['--no-warnings', '--import', 'tsx', '--import', hook, path.join(here, '..', file), ...args],
  { stdio: 'inherit', env: { ...process.env, ...vulkanEnvironment() } },
)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
