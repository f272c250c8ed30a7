// Token features of the open scan and of those beside it: what is at hand is taken, the rest is read, one scan after the other,
// each let go when its features are there.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import { requirePoolable } from '../insight/pooledTokens.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import type { HeldTokens } from '../worker/heldInsight.ts'
import type { EncoderChoice, EncoderSummary, LabelSource, TokenResult } from '../worker/insightProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { openOrigin, type FeatureScan, type ScanOrigin } from './featureScansSlice.ts'
import type { Services, Workbench } from './store.ts'

/** Crops along each side of the part that is read around the region. */
export const cropsAround = 3

function partAround(centreRasMm: LabCrop['centreRasMm'], { shape, spacingMm }: EncoderSummary): LabCrop {
  const [d, h, w] = shape
  return { centreRasMm, shape: [d * cropsAround, h * cropsAround, w * cropsAround], spacingMm }
}

function middleOf({ affine, shape }: Volume): LabCrop['centreRasMm'] {
  return voxelToRasMm(affine, shape.map(size => (size - 1) / 2) as unknown as Triple)
}

/** The part of the open scan that is read; null is all of it. */
export function openPart({ featureSettings, labCrop, encoders }: Workbench, { task }: EncoderChoice) {
  const summary = encoders?.find(one => one.task === task)
  return featureSettings.place === 'region' && labCrop && summary
    ? partAround(labCrop.centreRasMm, summary)
    : null
}

/** Whose features: scans that were read with the same are clustered together. */
export function networkKey(
  { labModel, featureSettings }: Pick<Workbench, 'labModel' | 'featureSettings'>,
  { task, role }: EncoderChoice,
): string {
  const identity = labModel.kind === 'ready' ? labModel.model.identity : ''
  return [identity, task, role, featureSettings.stage].join(' ')
}

/** What labels can be had of a scan. */
export function labelSourceOf(origin: ScanOrigin | undefined): LabelSource {
  if (origin?.kind !== 'phantom') return { kind: 'lungs' }
  return { kind: 'phantom', origin: { seed: origin.seed, spacingMm: origin.spacingMm } }
}

/** Scans beside the open one that can be clustered with it now: a kept one only with the network that read it. */
export function scansBeside(state: Workbench, tokens: ReadonlyMap<string, HeldTokens>, network: string) {
  const others = state.featureScans.filter(({ id }) => id !== state.openCase?.id)
  return others.filter(({ id, origin }) => origin.kind !== 'kept' || tokens.get(id)?.network === network)
}

interface Wish {
  readonly encoder: EncoderChoice
  readonly signal: AbortSignal
  readonly onProgress: (progress: StageProgress) => void
}

async function readBeside(
  services: Services,
  state: Workbench,
  scan: FeatureScan,
  { encoder, signal, onProgress }: Wish,
): Promise<TokenResult> {
  const { held, workers } = services
  const network = networkKey(state, encoder)
  const { place, stage } = state.featureSettings
  const { id, title, synthetic, origin } = scan
  const known = held.insight.tokens.get(id)
  // Of other scans, "around the region" means around their own middle.
  if (known?.network === network && (origin.kind === 'kept' || known.part === place)) return known.tokens
  if (origin.kind === 'kept') throw new Error('readBeside: a kept scan was read with other settings.')
  const say = (progress: StageProgress) => onProgress({ ...progress, stage: `${title}: ${progress.stage}` })
  try {
    const options = { signal, onProgress: say }
    const { volume } = await workers.volume.run('openBeside', origin, options)
    const summary = state.encoders?.find(one => one.task === encoder.task)
    const part = place === 'region' && summary ? partAround(middleOf(volume), summary) : null
    const request = { part, stage, labels: labelSourceOf(origin), synthetic }
    const input = { source: state.labSource, encoder, volume, openCaseId: null, request }
    const tokens = await workers.compute.run('readTokens', input, options)
    held.insight.tokens.set(id, { network, part: place, tokens })
    return tokens
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`“${title}”: ${error.message}`, error.details)
    throw error
  }
}

/** Token features of the open scan and of those beside it, the open one first. */
export async function gatherTokens(
  services: Services,
  state: Workbench,
  volume: Volume,
  wish: Wish,
): Promise<{ tokens: TokenResult[]; titles: string[] }> {
  const { held, workers } = services
  const { encoder, signal, onProgress } = wish
  const { openCase, featureSettings, labSource: source } = state
  if (!openCase) throw new Error('gatherTokens: no scan is open.')
  const network = networkKey(state, encoder)
  const part = openPart(state, encoder)
  const partKey = part ? JSON.stringify(part) : 'scan'
  let own = held.insight.tokens.get(openCase.id)
  if (own?.network !== network || own.part !== partKey) {
    const labels = labelSourceOf(openOrigin(state))
    const request = { part, stage: featureSettings.stage, labels, synthetic: openCase.series.synthetic }
    const input = { source, encoder, volume, openCaseId: openCase.id, request }
    const tokens = await workers.compute.run('readTokens', input, { signal, onProgress })
    own = { network, part: partKey, tokens }
    held.insight.tokens.set(openCase.id, own)
  }
  const tokens = [own.tokens]
  const titles = [openCase.title]
  for (const scan of scansBeside(state, held.insight.tokens, network)) {
    tokens.push(await readBeside(services, state, scan, wish))
    titles.push(scan.title)
    requirePoolable(tokens)
  }
  return { tokens, titles }
}
