// Cuts what fine-tuning reads out of labelled cases: one box a lesion, no name in it, nothing twice.
import { InputError, throwIfCancelled } from '../../base/errors.ts'
import type { Triple } from '../../base/shape.ts'
import { voxelCount } from '../../base/shape.ts'
import { sha256 } from '../../network/sha256.ts'
import { cropAt, cropValues } from '../../tokens/crops.ts'
import type { Volume } from '../../volume/volume.ts'
import { volumeIdentity } from '../pretrain/cases.ts'
import type { LabelledCase, LabelledCohort, OpenLabelledCase } from './cohort.ts'
import type { CropCase, CropSet } from './cropSet.ts'

export interface CropBox {
  /** Voxels of a box, (D,H,W). */
  readonly shape: Triple
  readonly spacingMm: Triple
}

export interface PreparedCrops {
  readonly crops: CropSet
  /** Index into the cohort's cases of each box. */
  readonly indices: readonly number[]
  /** What was left out or done, in sentences that may name cases: for the screen, not for what is stored. */
  readonly notices: readonly string[]
}

interface Cut {
  readonly hu: Int16Array
  readonly mask: Uint8Array
  readonly hasMask: boolean
}

/**
 * What of the case's lesion, and of others of its scan, lies in the box. Resampled as a share of each voxel, so that a
 * half belongs to the lesion. Nothing outside of the box is touched: a scan has a hundred times as many voxels.
 */
function cutMask({ volume, centreRasMm, mask, otherLesions }: OpenLabelledCase, box: CropBox): Uint8Array {
  if (!mask) return new Uint8Array(voxelCount(box.shape))
  const isLesion = otherLesions
    ? (at: number) => (mask[at] | otherLesions[at]) !== 0
    : (at: number) => mask[at] !== 0
  const cut = cropValues(volume, at => (isLesion(at) ? 1 : -1), -1, { centreRasMm, ...box })
  return Uint8Array.from(cut, share => (share >= 0 ? 1 : 0))
}

function cutCase(open: OpenLabelledCase, box: CropBox): Cut {
  const cropped = cropAt(open.volume, open.centreRasMm, box.shape, box.spacingMm)
  const mask = cutMask(open, box)
  return { hu: Int16Array.from(cropped, Math.round), mask, hasMask: mask.includes(1) }
}

async function identityOf({ hu, mask }: Cut): Promise<string> {
  const whole = new Uint8Array(hu.byteLength + mask.byteLength)
  whole.set(new Uint8Array(hu.buffer, hu.byteOffset, hu.byteLength))
  whole.set(mask, hu.byteLength)
  return sha256(whole)
}

/** Notes the content of a case. @returns whether it came before. @throws InputError when it came with another label. */
function isDuplicate(known: Map<string, LabelledCase>, identity: string, one: LabelledCase): boolean {
  const twin = known.get(identity)
  if (!twin) {
    known.set(identity, one)
    return false
  }
  if (twin.label !== one.label)
    throw new InputError(
      `The cases ${twin.id} and ${one.id} are the same voxels but have different labels; correct the label of one of them, or leave one out.`,
    )
  return true
}

/**
 * One box of `box.shape` voxels around each case's centre, at `box.spacingMm`; patients become numbers in the order in
 * which they come. A case that comes twice is dropped with a notice.
 * @throws InputError when one content has two labels, or no case is left; CancelledError.
 */
export async function prepareCropSet(
  cohort: LabelledCohort,
  box: CropBox,
  onProgress?: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<PreparedCrops> {
  const notices: string[] = []
  const known = new Map<string, LabelledCase>()
  const patients = new Map<string, number>()
  const kept: { readonly cut: Cut; readonly info: CropCase }[] = []
  const indices: number[] = []
  /** Cases of one scan come one after the other. */
  let scan: { readonly volume: Volume; readonly identity: string } | undefined
  for (const [index, one] of cohort.cases.entries()) {
    throwIfCancelled(signal, 'Cutting the crops')
    const open = await cohort.open(index)
    const cut = cutCase(open, box)
    const identity = await identityOf(cut)
    onProgress?.(index + 1, cohort.cases.length)
    if (isDuplicate(known, identity, one)) {
      notices.push(`Case ${one.id} is left out: its voxels are those of case ${known.get(identity)!.id}.`)
      continue
    }
    if (open.mask && !cut.hasMask)
      notices.push(`The mask of case ${one.id} does not reach into its box; it counts as a case without one.`)
    if (!patients.has(one.patient)) patients.set(one.patient, patients.size)
    const { label, isIndeterminate, volumeMm3, synthetic } = one
    const { hasMask } = cut
    const patient = patients.get(one.patient)!
    indices.push(index)
    const info = { patient, label, isIndeterminate, hasMask, volumeMm3, synthetic, identity }
    if (scan?.volume !== open.volume)
      scan = { volume: open.volume, identity: await volumeIdentity(open.volume) }
    kept.push({ cut, info: { ...info, scan: scan.identity } })
  }
  if (kept.length === 0)
    throw new InputError(
      'None of the cases could be cut out; give cases with an image and a label or a mask.',
    )
  return { crops: join(kept, box, cohort.classes), indices, notices }
}

function join(
  kept: readonly { readonly cut: Cut; readonly info: CropCase }[],
  { shape, spacingMm }: CropBox,
  classes: readonly string[],
): CropSet {
  const voxels = voxelCount(shape)
  const hu = new Int16Array(kept.length * voxels)
  const masks = kept.some(({ cut }) => cut.hasMask) ? new Uint8Array(hu.length) : null
  kept.forEach(({ cut }, at) => {
    hu.set(cut.hu, at * voxels)
    masks?.set(cut.mask, at * voxels)
  })
  return { shape, spacingMm, classes, cases: kept.map(({ info }) => info), hu, masks }
}
