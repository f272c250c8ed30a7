// The cases of a pretraining run in the page: what was given is looked through once, each volume by the hash of its
// content; from then on a case is opened when it is needed, from wherever it is.
import { InputError, throwIfCancelled } from '../../base/errors.ts'
import { voxelCount, type Triple } from '../../base/shape.ts'
import { makePhantom } from '../../phantom/phantom.ts'
import { phantomSeries } from '../../phantom/phantomSeries.ts'
import {
  joinSources,
  phantomSource,
  requireRoom,
  volumeCase,
  volumeIdentity,
  type CaseSource,
  type CropExtent,
} from '../../training/pretrain/cases.ts'
import { listSeries, openSeries } from '../../volume/readScan.ts'
import type { Volume } from '../../volume/volume.ts'
import type { StageProgress } from '../protocol.ts'
import { toScanFile } from '../scanFile.ts'
import type { PretrainData } from '../trainProtocol.ts'
import type { FileStore } from './fileStore.ts'
import { keepVolume, keptIdentities, readKept } from './keptVolumes.ts'
import { describeVolume, type DataPart } from './runRecord.ts'

interface Given {
  readonly volume: Volume
  readonly synthetic: boolean
}

/** A volume that can be read, again and again, without being held. */
interface Findable {
  /** How errors call it; on screen only. */
  readonly name: string
  read(): Promise<Given>
}

export interface CaseOptions {
  readonly extent: CropExtent
  readonly store: FileStore
  readonly signal: AbortSignal
  readonly onProgress: (progress: StageProgress) => void
  /** Sentences about what was left out. */
  readonly onNotice: (notice: string) => void
}

async function findIn(data: PretrainData, { signal, onNotice }: CaseOptions): Promise<Findable[]> {
  if (data.kind === 'volume')
    return [
      {
        name: 'The open scan',
        read: () => Promise.resolve({ volume: data.volume, synthetic: data.synthetic }),
      },
    ]
  if (data.kind !== 'files') return []
  const listing = await listSeries(data.files.map(toScanFile), { signal })
  const usable = listing.series.filter(({ problem }) => !problem)
  for (const notice of [...listing.notes, ...listing.series.map(({ problem }) => problem)])
    if (notice) onNotice(notice)
  return usable.map(({ id, description }, index) => ({
    name: `Volume ${index + 1} of the files (“${description || id}”)`,
    async read() {
      const { volume, synthetic } = await openSeries(listing, id, { signal })
      return { volume, synthetic }
    },
  }))
}

async function findAll(given: readonly PretrainData[], options: CaseOptions): Promise<Findable[]> {
  const found: Findable[] = []
  for (const [index, data] of given.entries()) {
    options.onProgress({ stage: 'Reading headers', done: index, total: given.length })
    found.push(...(await findIn(data, options)))
  }
  return found
}

async function readDemo(
  seed: number,
  spacingMm: Triple,
  { signal, onProgress }: CaseOptions,
): Promise<Given> {
  const stage = 'Making the synthetic chest'
  const onFraction = (part: number) => onProgress({ stage, done: Math.round(100 * part), total: 100 })
  const { volume } = phantomSeries(await makePhantom(seed, { spacingMm }, { signal, onProgress: onFraction }))
  return { volume, synthetic: true }
}

type VolumePart = Exclude<DataPart, { kind: 'phantom' }>

/** One volume as a source of cases. */
function sourceOf(part: VolumePart, extent: CropExtent, found: Findable): CaseSource {
  return {
    count: 1,
    largestBytes: voxelCount(part.shape) * Int16Array.BYTES_PER_ELEMENT,
    async open() {
      const { volume, synthetic } = await found.read()
      const opened = await volumeCase(volume, extent, { name: found.name, synthetic })
      if (opened.identity !== part.identity)
        throw new InputError(`${found.name} has changed since it was chosen; choose the run’s volumes again.`)
      return opened
    },
  }
}

/** Reads what was given once. With `keepsVolumes` a copy of each volume stays in this browser. */
export async function gatherCases(
  given: readonly PretrainData[],
  keepsVolumes: boolean,
  options: CaseOptions,
): Promise<{ parts: readonly DataPart[]; source: CaseSource }> {
  const { extent, store, signal, onProgress, onNotice } = options
  const parts: DataPart[] = []
  const sources: CaseSource[] = []
  const take = async (found: Findable, toPart: (given: Given, identity: string) => VolumePart) => {
    const read = await found.read()
    requireRoom(read.volume, extent, found.name)
    const identity = await volumeIdentity(read.volume)
    if (parts.some(part => part.kind !== 'phantom' && part.identity === identity)) {
      onNotice(`${found.name} was chosen twice; it is counted once.`)
      return
    }
    const part = toPart(read, identity)
    const isKept = keepsVolumes && part.kind === 'volume'
    if (isKept) await keepVolume(store, identity, read.volume)
    parts.push(part)
    sources.push(sourceOf(part, extent, isKept ? fromCopy(store, part, found.name) : found))
  }
  for (const data of given) {
    if (data.kind === 'phantom') {
      parts.push({ kind: 'phantom', split: data.split })
      sources.push(phantomSource(data.split))
    } else if (data.kind === 'demo') {
      const { seed, spacingMm } = data
      const chest = { name: 'The synthetic chest', read: () => readDemo(seed, spacingMm, options) }
      await take(chest, ({ volume }, identity) => ({
        ...{ kind: 'demo', seed, spacingMm, shape: volume.shape, identity },
      }))
    }
  }
  const found = await findAll(given, options)
  for (const [index, one] of found.entries()) {
    throwIfCancelled(signal, 'Reading the volumes')
    onProgress({ stage: 'Reading the volumes', done: index, total: found.length })
    await take(one, ({ volume: { shape, spacingMm }, synthetic }, identity) => ({
      ...{ kind: 'volume', identity, shape, spacingMm, synthetic },
    }))
  }
  if (parts.length === 0)
    throw new InputError('There is no volume among what was chosen; choose a scan, or synthetic chests.')
  return { parts, source: joinSources(sources) }
}

function fromCopy(store: FileStore, part: Extract<DataPart, { kind: 'volume' }>, name: string): Findable {
  return {
    name,
    async read() {
      const volume = await readKept(store, part.identity)
      if (!volume)
        throw new InputError(
          'The copy of a volume that the run learns from is no longer kept in this browser; the run is saved: continue it with the volume’s files.',
        )
      return { volume, synthetic: part.synthetic }
    },
  }
}

/** Volumes of a run that are neither made from a seed nor kept in this browser. */
export async function missingParts(parts: readonly DataPart[], store: FileStore) {
  const kept = await keptIdentities(store)
  return parts.flatMap(part => (part.kind === 'volume' && !kept.has(part.identity) ? [part] : []))
}

/**
 * The cases of a run that goes on, from its copies and from what is given, which is recognised by its content.
 * @throws InputError naming what is missing, and what was given but is none of the run's volumes.
 */
export async function findCases(
  parts: readonly DataPart[],
  given: readonly PretrainData[],
  options: CaseOptions,
): Promise<CaseSource> {
  const { extent, store, signal, onProgress } = options
  const missing = new Map((await missingParts(parts, store)).map(part => [part.identity, part]))
  const found = new Map<string, Findable>()
  const strangers: string[] = []
  const candidates = missing.size === 0 ? [] : await findAll(given, options)
  for (const [index, candidate] of candidates.entries()) {
    throwIfCancelled(signal, 'Reading the volumes')
    onProgress({ stage: 'Recognising the volumes', done: index, total: candidates.length })
    const identity = await volumeIdentity((await candidate.read()).volume)
    if (missing.delete(identity)) found.set(identity, candidate)
    else if (!found.has(identity)) strangers.push(candidate.name)
  }
  if (missing.size > 0) throw stillMissing([...missing.values()], strangers)
  return joinSources(
    parts.map(part => {
      if (part.kind === 'phantom') return phantomSource(part.split)
      if (part.kind === 'volume')
        return sourceOf(part, extent, found.get(part.identity) ?? fromCopy(store, part, 'A kept volume'))
      const read = () => readDemo(part.seed, part.spacingMm, options)
      return sourceOf(part, extent, { name: 'The synthetic chest', read })
    }),
  )
}

function stillMissing(
  missing: readonly Extract<DataPart, { kind: 'volume' }>[],
  strangers: readonly string[],
) {
  const one = missing.length === 1
  const wanted = missing.map(describeVolume).join('; ')
  const wrong = strangers.length > 0 ? ` ${strangers.join(', ')} is not one of them.` : ''
  return new InputError(
    `This run learns from ${one ? 'a volume' : `${missing.length} volumes`} of which this browser keeps no copy: ${wanted}.${wrong} Choose the same ${one ? 'scan’s files' : 'scans’ files'} as when the run was begun; they are recognised by their content.`,
  )
}
