// The open scan as a fine-tuning run shows it after every epoch: which place of it, chosen when the run begins.
import type { FinetuneSettings } from '../worker/finetuneProtocol.ts'
import type { CropSet, FollowedPlace, LabelledSummary, LookedAt } from '../worker/labelledProtocol.ts'
import type { Services, Workbench } from './store.ts'

/** What a run is begun with that shows no open scan. */
export const unfollowed = { followed: null, keepsFollowed: false } as const

export interface Following {
  readonly followed: FollowedPlace | null
  /** Its voxels may stay with the run. */
  readonly keepsFollowed: boolean
}

type Looking = Pick<
  Workbench,
  'openCase' | 'finetuneTask' | 'crosshairRasMm' | 'selectedFinding' | 'prediction'
>

/** Where the reader looks: an outline is asked of the crosshair, a class of the selected finding. Undefined without a scan. */
export function lookedPlace(state: Looking): Omit<LookedAt, 'volume'> | undefined {
  const { openCase, finetuneTask, crosshairRasMm, selectedFinding, prediction } = state
  if (!openCase) return undefined
  const findings = prediction.kind === 'done' ? prediction.summary.file.findings : []
  const finding = findings.find(({ id }) => id === selectedFinding)
  if (finetuneTask !== 'segment' && finding) return { placeRasMm: finding.centreRasMm, isAsked: true }
  return crosshairRasMm ? { placeRasMm: crosshairRasMm, isAsked: finetuneTask === 'segment' } : undefined
}

/** What every epoch will show of the open scan, in a sentence before the run begins. */
export function describeFollowing(state: Looking): string {
  const place = lookedPlace(state)
  if (!place) return 'With a scan open, every epoch also shows what the model says of it.'
  if (state.finetuneTask === 'segment')
    return 'Every epoch also shows what the model outlines at the crosshair of the open scan.'
  return place.isAsked
    ? 'Every epoch also shows what the model says of the selected finding of the open scan.'
    : 'Every epoch also shows the open scan where it is one of the cases; of another scan, select a finding first.'
}

/** Chooses the place; where the scan is one of the run's cases, the case that is looked at. */
export async function chooseFollowed(
  { workers, held }: Services,
  state: Workbench,
  { cohortId }: LabelledSummary,
  { crops, indices }: { readonly crops: CropSet; readonly indices: readonly number[] },
  { entry: { shape, spacingMm } }: FinetuneSettings,
): Promise<Following> {
  const place = lookedPlace(state)
  const scan = state.openCase && held.scan(state.openCase.id)
  if (!place || !scan) return unfollowed
  const { volume, synthetic } = scan.series
  const followed = await workers.volume.run('followScan', {
    ...{ cohortId, shape, spacingMm },
    looked: { ...place, volume },
    cut: { cases: crops.cases, indices },
  })
  // Voxels of a patient are kept where somebody has said so, and not because the cases are nobody's.
  return { followed, keepsFollowed: synthetic || state.finetuneKeeps === true }
}
