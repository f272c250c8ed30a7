// Where the page trains, and everything there that the bits of a trained weight depend on.
import { version } from '../../package.json'
import type { Environment } from '../training/run/environment.ts'
import type { TrainPlaces } from '../training/steadyStep.ts'
import { modelPlaces } from './runtime.ts'

/** Name and major version: another engine may order floating-point sums otherwise. */
function browserName(): string {
  const { userAgent } = navigator
  const [, name, major] =
    /(Firefox|Edg|Chrome)\/(\d+)/.exec(userAgent) ?? /(Version)\/(\d+)/.exec(userAgent) ?? []
  return name === undefined ? 'unknown' : `${name.replace('Version', 'Safari')} ${major}`
}

/** The places of this page, and what is known of the one that was opened last. */
export function watchPlaces() {
  const common = { version, browser: browserName() }
  let opened: Environment = common
  const places: TrainPlaces = {
    async openGpu() {
      const runtime = await modelPlaces.openGpu()
      opened = common
      return runtime
    },
    async openCpu(why) {
      const runtime = await modelPlaces.openCpu(why)
      const { web, common: library } = runtime.ort.env.versions
      opened = { ...common, threads: runtime.threads, backendVersion: web ?? library ?? 'unknown' }
      return runtime
    },
  }
  return { places, environment: (label: string): Environment => ({ ...opened, device: label }) }
}
