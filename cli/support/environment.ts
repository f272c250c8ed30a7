// Everything on this machine that the bits of a trained weight depend on.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { watchPlaces, type WatchedPlaces } from '../../src/training/run/watchPlaces.ts'
import type { TrainPlaces } from '../../src/training/steadyStep.ts'

async function programVersion(): Promise<string> {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url))
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
}

/** The places of this machine, and what is known of the one that was opened last. */
export async function nodePlaces(places: TrainPlaces): Promise<WatchedPlaces> {
  const version = await programVersion()
  return watchPlaces(places, { version, node: process.version, processor: process.arch })
}
