// Which place of the open scan a run shows after every epoch: the case that the reader looks at, where the scan is one of the
// run's, or else where the reader looks.
import type { Triple } from '../../base/shape.ts'
import { cropAt } from '../../tokens/crops.ts'
import type { PointMm } from '../../volume/geometry.ts'
import type { Volume } from '../../volume/volume.ts'
import type { LabelledCohort } from '../labelled/cohort.ts'
import type { CropCase } from '../labelled/cropSet.ts'
import { volumeIdentity } from '../pretrain/cases.ts'
import type { FollowedPlace } from './followed.ts'

/** The scan that is open, and where its reader looks. */
export interface LookedAt {
  readonly volume: Volume
  readonly placeRasMm: PointMm
  /** The place itself is a question to the model: a finding, or anywhere for an outline. Otherwise only a case is. */
  readonly isAsked: boolean
}

/** The cases of a run as they were cut: `indices` are theirs in the cohort. */
export interface CutCases {
  readonly cases: readonly CropCase[]
  readonly indices: readonly number[]
}

/**
 * The nearest case of the scan, as far as it lies in the crop around an asked place; else the asked place itself; null where
 * there is neither. `shape` and `spacingMm` are the network's.
 * @throws InputError when a case's file cannot be read any more.
 */
export async function followScan(
  { volume, placeRasMm, isAsked }: LookedAt,
  { cases, indices }: CutCases,
  cohort: Pick<LabelledCohort, 'open'>,
  { shape, spacingMm }: { readonly shape: Triple; readonly spacingMm: Triple },
): Promise<FollowedPlace | null> {
  const scan = await volumeIdentity(volume)
  const halfMm = Math.min(...shape.map((size, axis) => (size * spacingMm[axis]) / 2))
  let nearest = { at: -1, mm: isAsked ? halfMm : Infinity }
  for (const [at, one] of cases.entries()) {
    if (one.scan !== scan) continue
    const { centreRasMm } = await cohort.open(indices[at])
    const mm = Math.hypot(...centreRasMm.map((value, axis) => value - placeRasMm[axis]))
    if (mm <= nearest.mm) nearest = { at, mm }
  }
  const patient = cases.find(one => one.scan === scan)?.patient ?? null
  if (nearest.at >= 0) return { at: nearest.at, patient, hu: null }
  if (!isAsked) return null
  return { at: null, patient, hu: Int16Array.from(cropAt(volume, placeRasMm, shape, spacingMm), Math.round) }
}
