// Everything on this machine that the bits of a trained weight depend on.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Runtime } from '../../src/graph/session.ts'
import type { PlanRuntime } from '../../src/graph/webgpu/runtime.ts'
import type { Environment } from '../../src/training/run/environment.ts'

async function programVersion(): Promise<string> {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url))
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
}

export async function describeEnvironment(runtime: Runtime | PlanRuntime): Promise<Environment> {
  const common = { version: await programVersion(), node: process.version, processor: process.arch }
  if (runtime.kind === 'plan') return { ...common, device: runtime.label, backend: 'WebGPU plan' }
  const { node, web, common: library } = runtime.ort.env.versions
  return {
    ...common,
    device: 'cpu',
    backend: runtime.label.split(',')[0],
    backendVersion: node ?? web ?? library ?? 'unknown',
    threads: runtime.threads,
  }
}
