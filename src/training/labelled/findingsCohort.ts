// The findings of an open scan that a reader has accepted or rejected, as labelled cases.
import { InputError } from '../../base/errors.ts'
import { voxelsWhere } from '../../volume/maskGrid.ts'
import type { PointMm } from '../../volume/geometry.ts'
import type { Volume } from '../../volume/volume.ts'
import type { LabelledCase, LabelledCohort, LeftOut } from './cohort.ts'
import { malignancyClasses } from './labelClasses.ts'
import { lesionVolumeMm3 } from './lesion.ts'

/** What a reader said of a finding; undecided ones are not given. */
export interface ReviewedFinding {
  readonly id: string
  readonly centreRasMm: PointMm
  readonly verdict: 'accepted' | 'rejected'
  /** As chosen by the reader; null where nothing was chosen. Of a rejected finding it means nothing. */
  readonly malignancy: 'benign' | 'malignant' | 'indeterminate' | null
  /** Its number in `labels`; null where it was not segmented. */
  readonly value: number | null
}

export interface ReviewedScan {
  readonly volume: Volume
  /** Number of the finding at each voxel of the volume, 0 for none; null where nothing was segmented. */
  readonly labels: Uint8Array | null
  readonly findings: readonly ReviewedFinding[]
  /** What the cases are called by, for the screen. */
  readonly scan: string
  /** What they are grouped by: the same for every scan of one patient. */
  readonly patient: string
  readonly synthetic: boolean
}

export const rejectedClass = 'not a nodule'

/** 'nodule': rejected against accepted. 'malignancy': benign, malignant, and before them the rejected ones, where there are any. */
export type FindingClasses = 'nodule' | 'malignancy'

/**
 * Accepted findings with their masks, rejected ones as negatives without a mask (where nothing is to be segmented).
 * @throws InputError when no finding was accepted or rejected.
 */
export function findingsCohort(scan: ReviewedScan, kind: FindingClasses): LabelledCohort {
  const { volume, findings, labels } = scan
  const hasRejected = findings.some(({ verdict }) => verdict === 'rejected')
  const classes =
    kind === 'nodule'
      ? [rejectedClass, 'nodule']
      : [...(hasRejected ? [rejectedClass] : []), ...malignancyClasses]
  const leftOut: LeftOut[] = []
  const used = findings.filter(finding => {
    const isUsed = kind === 'nodule' || finding.verdict === 'rejected' || finding.malignancy !== null
    if (!isUsed) leftOut.push({ id: finding.id, why: unlabelled(finding.id) })
    return isUsed
  })
  if (used.length === 0) throw nothingReviewed(leftOut)
  const voxels = used.map(finding => voxelsOf(finding, labels))
  const accepted = used.flatMap((finding, at) => (finding.verdict === 'accepted' ? [at] : []))
  const paint = (which: readonly number[]) => {
    const mask = new Uint8Array(volume.hu.length)
    for (const at of which) for (const voxel of voxels[at]) mask[voxel] = 1
    return mask
  }
  return {
    classes,
    cases: used.map((finding, at) => toCase(finding, voxels[at], scan, classes)),
    leftOut,
    notices: [],
    open(index) {
      const others = accepted.filter(at => at !== index && voxels[at].length > 0)
      const isMasked = used[index].verdict === 'accepted' && voxels[index].length > 0
      return Promise.resolve({
        volume,
        mask: isMasked ? paint([index]) : null,
        centreRasMm: used[index].centreRasMm,
        ...(others.length > 0 ? { otherLesions: paint(others) } : {}),
      })
    },
    release: () => {},
  }
}

function unlabelled(id: string): string {
  return `${id} was accepted, but nobody said whether it is benign or malignant; choose one in the findings panel.`
}

function nothingReviewed(leftOut: readonly LeftOut[]): InputError {
  return new InputError(
    leftOut[0]?.why ??
      'No finding was accepted or rejected; accept or reject some in the findings panel first.',
  )
}

function voxelsOf({ value }: ReviewedFinding, labels: Uint8Array | null): Int32Array {
  if (value === null || labels === null) return new Int32Array(0)
  return voxelsWhere(labels.length, i => labels[i] === value)
}

function toCase(
  finding: ReviewedFinding,
  voxels: Int32Array,
  { volume, scan, patient, synthetic }: ReviewedScan,
  classes: readonly string[],
): LabelledCase {
  const isAccepted = finding.verdict === 'accepted'
  const isIndeterminate = isAccepted && finding.malignancy === 'indeterminate'
  // Indeterminate counts as benign and is marked, as with ratings.
  const named = isIndeterminate ? 'benign' : finding.malignancy
  const accepted = classes.includes('nodule') ? 'nodule' : named
  return {
    id: `${scan} ${finding.id}`,
    patient,
    label: classes.indexOf(isAccepted ? accepted! : rejectedClass),
    isIndeterminate: isIndeterminate && !classes.includes('nodule'),
    hasMask: isAccepted && voxels.length > 0,
    volumeMm3: voxels.length > 0 ? lesionVolumeMm3(voxels, volume) : null,
    synthetic,
    grid: { shape: volume.shape, spacingMm: volume.spacingMm },
  }
}
