// Everything on this machine that the bits of a trained weight depend on.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../src/training/run/environment.ts'
import type { TrainPlaces } from '../../src/training/steadyStep.ts'

async function programVersion(): Promise<string> {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url))
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
}

/** The places, and what is known of the one that was opened last. */
export async function watchPlaces(places: TrainPlaces) {
  const common = { version: await programVersion(), node: process.version, processor: process.arch }
  let opened: Environment = common
  const watched: TrainPlaces = {
    async openGpu() {
      const runtime = await places.openGpu()
      opened = common
      return runtime
    },
    async openCpu(why) {
      const runtime = await places.openCpu(why)
      const { node, web, common: library } = runtime.ort.env.versions
      const backendVersion = node ?? web ?? library ?? 'unknown'
      opened = { ...common, threads: runtime.threads, backendVersion }
      return runtime
    },
  }
  return { places: watched, environment: (label: string): Environment => ({ ...opened, device: label }) }
}
