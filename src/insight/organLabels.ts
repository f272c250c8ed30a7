// Labels that tokens are coloured by and clusters are held against: the phantom's own organs where the open scan is a
// phantom (made again from its seed), the lung field that this program finds where it is not.
import { InputError } from '../base/errors.ts'
import { voxelCount, type Grid, type Triple } from '../base/shape.ts'
import { labelOf, type LabelName } from '../phantom/labels.ts'
import { planPhantom } from '../phantom/anatomy.ts'
import { renderCrop } from '../phantom/render.ts'
import { findLungField } from '../prediction/lungField.ts'
import { voxelToRasMm, type PointMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { forEachCovered, paintTokens } from './tokenGrid.ts'

/** Labels on a scan's grid. */
export interface LabelMap {
  readonly names: readonly string[]
  /** [D,H,W], index into `names`. */
  readonly labels: Uint8Array
  /** Whether this is the truth or another computation's opinion. */
  readonly isTruth: boolean
  readonly source: string
}

/** Organs that are told apart on screen, and the phantom's labels that each gathers. */
const organs: readonly (readonly [string, readonly LabelName[]])[] = [
  ['outside', ['outside', 'couch']],
  [
    'lungs',
    [
      'right upper lobe',
      'right middle lobe',
      'right lower lobe',
      'left upper lobe',
      'left lower lobe',
      'airways',
      'vessels',
      'nodule',
      'hard negative: perifissural lymph node',
      'hard negative: apical scar',
      'hard negative: atelectasis band',
      'hard negative: mucus plug',
    ],
  ],
  ['heart and great vessels', ['heart', 'aorta']],
  ['mediastinum', ['mediastinum', 'oesophagus']],
  ['bones', ['ribs', 'spine', 'sternum and clavicles', 'scapulae', 'hard negative: costochondral bump']],
  ['upper abdomen', ['liver', 'spleen', 'stomach', 'kidneys']],
  ['chest wall', ['body', 'hard negative: pleural plaque']],
]

const organOf = Uint8Array.from({ length: 256 }, (_, value) =>
  Math.max(
    0,
    organs.findIndex(([, members]) => members.some(name => labelOf[name] === value)),
  ),
)

/** What a phantom is made again from. */
export interface PhantomOrigin {
  readonly seed: number
  readonly spacingMm: Triple
}

/** Slices that are made between two looks at a cancel. */
const slicesAtOnce = 24

/**
 * The organs of a phantom on the scan's grid, made again from its seed; `onPart` is awaited between parts and may throw.
 * @throws InputError when the scan's voxels are not this phantom's.
 */
export async function phantomLabels(
  volume: Volume,
  { seed, spacingMm }: PhantomOrigin,
  onPart?: (done: number, total: number) => Promise<void>,
): Promise<LabelMap> {
  const plan = planPhantom(seed)
  const [D, H, W] = volume.shape
  const labels = new Uint8Array(voxelCount(volume.shape))
  // Files store places as 32-bit numbers; the phantom's voxels stand on multiples of its spacing.
  const first = voxelToRasMm(volume.affine, [0, 0, 0]).map((mm, world) =>
    Math.round(mm / spacingMm[2 - world]),
  )
  for (let d = 0; d < D; d += slicesAtOnce) {
    await onPart?.(d, D)
    const shape: Triple = [Math.min(slicesAtOnce, D - d), H, W]
    const centre = [first[0], first[1], first[2] + d].map(
      (index, world) => (index + (shape[2 - world] - 1) / 2) * spacingMm[2 - world],
    )
    const part = renderCrop(plan, { centreRasMm: centre as unknown as PointMm, shape, spacingMm })
    const from = d * H * W
    if (!part.hu.every((hu, i) => hu === volume.hu[from + i])) refuseOtherScan(seed)
    part.labels.forEach((value, i) => (labels[from + i] = organOf[value]))
  }
  return {
    names: organs.map(([name]) => name),
    labels,
    isTruth: true,
    source: `truth of the phantom, seed ${seed}`,
  }
}

function refuseOtherScan(seed: number): never {
  throw new InputError(
    `The phantom of seed ${seed} has other voxels than the open scan, so its organs do not lie on it; open the scan that belongs to this truth.json.`,
  )
}

/**
 * Right and left lung as this program finds them, by a rule and without a network.
 * @throws InputError when no lung is found.
 */
export function lungLabels(volume: Volume): LabelMap {
  const { sides, grid } = findLungField(volume)
  return {
    names: ['not lung', 'right lung', 'left lung'],
    labels: paintTokens(sides, grid, volume),
    isTruth: false,
    source: 'lung field found by this program, no truth',
  }
}

/** The label that most voxels of each token's block have, by token of `tokens`; 255 where the block holds no voxel. */
export function labelsOfTokens({ names, labels }: LabelMap, scan: Grid, tokens: Grid): Uint8Array {
  const count = voxelCount(tokens.shape)
  const votes = new Uint32Array(count * names.length)
  forEachCovered(tokens, scan, (voxel, token) => votes[token * names.length + labels[voxel]]++)
  return Uint8Array.from({ length: count }, (_, token) => {
    let best = 255
    let most = 0
    for (let label = 0; label < names.length; label++)
      if (votes[token * names.length + label] > most) {
        best = label
        most = votes[token * names.length + label]
      }
    return best
  })
}
