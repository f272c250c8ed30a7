// Training crops out of phantoms, made on the fly: step and seed decide everything, so that a run can be repeated and
// continued. A plan costs a tenth of a second, a crop a few hundredths: each plan serves a handful of crops and each crop
// several batches, both drawn from sliding pools so that neighbouring steps see different patients.
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { FeedData } from '../graph/session.ts'
import type { NetworkEntry } from '../network/model.ts'
import { planPhantom, type PhantomNodule, type PhantomPlan } from '../phantom/anatomy.ts'
import { labelNames } from '../phantom/labels.ts'
import type { Point } from '../phantom/primitives.ts'
import { Random, streamKey } from '../phantom/random.ts'
import { renderCrop } from '../phantom/render.ts'
import { phantomBenchV1, type BenchSplit } from '../phantom/split.ts'
import { cropAt } from '../tokens/crops.ts'
import { normaliseHu } from '../tokens/normalise.ts'
import type { Volume } from '../volume/volume.ts'
import { augment, withMargin, type PhantomCrop } from './augment.ts'
import { emptyTargets, setTargets } from './classifierTargets.ts'
import { bankSize, CropBank } from './cropBank.ts'
import type { Recipe, Task } from './recipe.ts'

export type Split = Exclude<keyof BenchSplit, 'name'>

/** Plans that a crop is drawn from, and crops each serves on average. */
const poolSize = 16
const cropsPerPlan = { segment: 4, classify: 6 } as const
/** Plans kept: twice those that the crops of the bank may come from. Each takes about 3 MB. */
const plansKept = 2 * (poolSize + bankSize / cropsPerPlan.segment)
/** Where segmentation crops are centred: on a nodule (off centre), on something that resembles one, anywhere in the lung. */
const centreShares = [0.45, 0.3, 0.25]
const noduleJitterMm = 18

/** Phantom seed number `index` of a run: a hash over the split, so that runs with other seeds see other orders. */
function planSeed(split: Split, runSeed: number, index: number): number {
  const [first, last] = phantomBenchV1[split]
  return first + (streamKey(streamKey(runSeed, 900), index) % (last - first + 1))
}

class PlanPool {
  private readonly plans = new Map<number, PhantomPlan>()

  constructor(
    private readonly split: Split,
    private readonly runSeed: number,
  ) {}

  plan(index: number): PhantomPlan {
    const seed = planSeed(this.split, this.runSeed, index)
    const known = this.plans.get(seed)
    if (known) return known
    const plan = planPhantom(seed)
    this.plans.set(seed, plan)
    if (this.plans.size > plansKept) this.plans.delete(this.plans.keys().next().value!)
    return plan
  }
}

/**
 * A box of a phantom as prediction would see it: painted with the seed's own slice thickness where that is coarser than
 * the network's spacing, then resampled.
 */
export function cropPhantom(
  plan: PhantomPlan,
  centreRasMm: Point,
  shape: Triple,
  spacingMm: Triple,
): PhantomCrop {
  const sliceMm = plan.scanner.spacingMm[0]
  if (sliceMm <= spacingMm[0]) {
    const { hu, instances } = renderCrop(plan, { centreRasMm, shape, spacingMm })
    return { hu: Float32Array.from(hu), mask: instances.map(id => (id > 0 ? 1 : 0)) }
  }
  const slices = Math.ceil((shape[0] * spacingMm[0]) / sliceMm) + 2
  const coarse: Triple = [slices, shape[1], shape[2]]
  const coarseMm: Triple = [sliceMm, spacingMm[1], spacingMm[2]]
  const { hu, instances } = renderCrop(plan, { centreRasMm, shape: coarse, spacingMm: coarseMm })
  const grid = gridAround(centreRasMm, coarse, coarseMm)
  const inside = Int16Array.from(instances, id => (id > 0 ? 1000 : 0))
  const mask = cropAt({ ...grid, hu: inside }, centreRasMm, shape, spacingMm)
  return {
    hu: Float32Array.from(cropAt({ ...grid, hu }, centreRasMm, shape, spacingMm)),
    mask: Uint8Array.from(mask, value => (value >= 500 ? 1 : 0)),
  }
}

/** The grid of a box of `shape` voxels along RAS axes whose middle lies at a place, RAS mm. */
export function gridAround([x, y, z]: Point, shape: Triple, [dMm, hMm, wMm]: Triple): Omit<Volume, 'hu'> {
  const start = (middle: number, size: number, mm: number) => middle - ((size - 1) / 2) * mm
  const affine = [
    wMm,
    0,
    0,
    start(x, shape[2], wMm),
    0,
    hMm,
    0,
    start(y, shape[1], hMm),
    0,
    0,
    dMm,
    start(z, shape[0], dMm),
    0,
    0,
    0,
    1,
  ]
  return { shape, spacingMm: [dMm, hMm, wMm], affine }
}

function lookalikes(plan: PhantomPlan): Point[] {
  return plan.layers.flatMap(layer =>
    layer.blobs.filter(blob => labelNames[blob.label].startsWith('hard negative')).map(blob => blob.centre),
  )
}

function randomLungPoint(plan: PhantomPlan, random: Random): Point {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const point = plan.lungs.randomPoint(random)
    if (plan.lungs.distance(...point) < -2) return point
  }
  return plan.lungs.randomPoint(random)
}

function jitter([x, y, z]: Point, mm: number, random: Random): Point {
  const shift = () => random.uniform(-mm, mm)
  return [x + shift(), y + shift(), z + shift()]
}

function segmentationCentre(plan: PhantomPlan, random: Random): Point {
  const kind = random.pick(centreShares)
  const centres =
    kind === 0 ? plan.nodules.map(nodule => nodule.centreRasMm) : kind === 1 ? lookalikes(plan) : []
  if (centres.length === 0) return randomLungPoint(plan, random)
  return jitter(centres[random.below(centres.length)], noduleJitterMm, random)
}

/** A crop of the run, with what it shows; `nodule` where the task is about one. */
interface Sample {
  readonly crop: PhantomCrop
  readonly nodule: PhantomNodule | undefined
}

function renderSample(task: Task, entry: NetworkEntry, pool: PlanPool, runSeed: number, k: number): Sample {
  const random = new Random(runSeed, 1_000_000 + k)
  const shape = withMargin(entry.shape)
  for (let attempt = 0; ; attempt++) {
    const oldest = Math.floor(k / cropsPerPlan[task])
    const plan = pool.plan(oldest + random.below(poolSize) + attempt * 7919)
    if (task === 'segment') {
      const centre = segmentationCentre(plan, random)
      return { crop: cropPhantom(plan, centre, shape, entry.spacingMm), nodule: undefined }
    }
    if (plan.nodules.length === 0) continue
    const nodule = plan.nodules[random.below(plan.nodules.length)]
    return { crop: cropPhantom(plan, nodule.centreRasMm, shape, entry.spacingMm), nodule }
  }
}

/**
 * Batches for a task: `images` [B,D,H,W,1] normalised, `labels` [B,D,H,W] (segment) or [B] (classify), all flat; to
 * classify also `attributes` [B, attributeCount] and, by scale, `place4` and `place8` (`placeOf`).
 * The same step of the same run seed gives the same batch.
 */
export function createCropSampler(
  task: Task,
  { entry, batch }: Recipe,
  runSeed: number,
  split: Split,
): (step: number) => Record<string, FeedData> {
  const pool = new PlanPool(split, runSeed)
  const bank = new CropBank(k => renderSample(task, entry, pool, runSeed, k))
  const voxels = voxelCount(entry.shape)
  return step => {
    const images = new Float32Array(batch * voxels)
    const labels = new Int32Array(task === 'segment' ? batch * voxels : batch)
    const targets = task === 'segment' ? undefined : emptyTargets(entry.shape, batch)
    for (let b = 0; b < batch; b++) {
      const index = step * batch + b
      const random = new Random(runSeed, 2_000_000_000 + index)
      const { crop, nodule } = bank.draw(index, random)
      const { hu, mask } = augment(crop, entry.shape, nodule ? 'nodule' : 'patient', random)
      images.set(normaliseHu(hu, entry.huWindow, entry.outputRange), b * voxels)
      if (nodule && targets) {
        labels[b] = nodule.malignant ? 1 : 0
        setTargets(targets, b, nodule, mask, entry.shape)
      } else labels.set(mask, b * voxels)
    }
    return { images, labels, ...targets }
  }
}
