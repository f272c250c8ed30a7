// The places where a run computes, and what is known of the one that was opened last: what its record says of where it was.
import type { TrainPlaces } from '../steadyStep.ts'
import type { Environment } from './environment.ts'

export interface WatchedPlaces {
  readonly places: TrainPlaces
  /** Everything that the bits of a result depend on, by the label of the place that opened. */
  readonly environment: (label: string) => Environment
}

/** `common`: what is the same wherever the run computes: versions, processor, browser. */
export function watchPlaces(places: TrainPlaces, common: Environment): WatchedPlaces {
  let opened = common
  return {
    places: {
      async openGpu() {
        const runtime = await places.openGpu()
        opened = common
        return runtime
      },
      async openCpu(why) {
        const runtime = await places.openCpu(why)
        const { node, web, common: library } = runtime.ort.env.versions
        opened = { ...common, threads: runtime.threads, backendVersion: node ?? web ?? library ?? 'unknown' }
        return runtime
      },
    },
    environment: label => ({ ...opened, device: label }),
  }
}
