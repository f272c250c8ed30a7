// Where the page trains, and everything there that the bits of a trained weight depend on.
import { version } from '../../package.json'
import { watchPlaces, type WatchedPlaces } from '../training/run/watchPlaces.ts'
import { modelPlaces } from './runtime.ts'

/** Name and major version: another engine may order floating-point sums otherwise. */
function browserName(): string {
  const { userAgent } = navigator
  const [, name, major] =
    /(Firefox|Edg|Chrome)\/(\d+)/.exec(userAgent) ?? /(Version)\/(\d+)/.exec(userAgent) ?? []
  return name === undefined ? 'unknown' : `${name.replace('Version', 'Safari')} ${major}`
}

/** The places of this page. */
export function pagePlaces(): WatchedPlaces {
  const { openGpu, openCpu } = modelPlaces
  return watchPlaces(
    { openGpu, openCpu: why => Promise.resolve(openCpu(why)) },
    { version, browser: browserName() },
  )
}
