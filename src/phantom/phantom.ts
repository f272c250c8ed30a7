// A whole synthetic chest CT from a seed: the same bytes on every engine, with its truth. Everything made here is synthetic and says so.
import { InputError, throwIfCancelled } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { Volume } from '../volume/volume.ts'
import type { PhantomNodule, PhantomPlan } from './anatomy.ts'
import { planPhantom } from './anatomy.ts'
import { labelNames } from './labels.ts'
import { finishHash, mixWord } from './random.ts'
import { renderCrop } from './render.ts'

/** Changes whenever the bytes of any seed change. */
export const phantomVersion = 'phantom-v1'

/** The bench's spacing: 1 mm isotropic. */
export const benchSpacingMm: Triple = [1, 1, 1]

export interface PhantomOptions {
  /** (D, H, W); the seed's own scanner spacing when absent (0.6–0.9 mm in plane, 0.8–3 mm slices). */
  readonly spacingMm?: Triple
  /** Voxels (D, H, W) around the middle of the chest; the whole chest when absent. */
  readonly shape?: Triple
}

export interface Phantom {
  readonly seed: number
  readonly volume: Volume
  /** Index into `labelNames` for each voxel. */
  readonly labels: Uint8Array
  /** 0, or the id of a nodule. */
  readonly instances: Uint8Array
  readonly nodules: readonly PhantomNodule[]
  readonly labelNames: readonly string[]
  readonly synthetic: true
}

interface PhantomGrid {
  readonly shape: Triple
  readonly spacingMm: Triple
  /** World number (multiple of the spacing) of the first voxel, x, y, z. */
  readonly first: readonly [number, number, number]
}

function checkTriple(
  values: Triple,
  what: string,
  isGood: (value: number) => boolean,
  expected: string,
): void {
  if (values.length !== 3 || !values.every(isGood))
    throw new InputError(
      `The phantom got ${what} ${values.join(' × ')}; it expects three numbers (D, H, W) of ${expected}.`,
    )
}

/** Every voxel centre lies on a multiple of the spacing, so that crops on the same multiples hold the same bytes. */
function gridOf(
  plan: PhantomPlan,
  { spacingMm = plan.scanner.spacingMm, shape }: PhantomOptions,
): PhantomGrid {
  checkTriple(spacingMm, 'a spacing of', mm => mm >= 0.4 && mm <= 8, '0.4 to 8 mm')
  if (shape)
    checkTriple(shape, 'a shape of', n => Number.isInteger(n) && n > 0 && n <= 1024, '1 to 1024 voxels')
  const axis = (world: 0 | 1 | 2) => {
    const mm = spacingMm[2 - world]
    const low = plan.lowRasMm[world]
    const high = plan.highRasMm[world]
    const count = shape?.[2 - world] ?? Math.floor((high - low) / mm) + 1
    return { first: Math.floor((low + high) / 2 / mm - (count - 1) / 2 + 0.5), count }
  }
  const [x, y, z] = [axis(0), axis(1), axis(2)]
  return { shape: [z.count, y.count, x.count], spacingMm, first: [x.first, y.first, z.first] }
}

/** Voxels rendered at once: enough that the margins cost little; a tenth of it where somebody may want to stop. */
const slabVoxels = 6e6

/** Renders a plan slab by slab; gives the finished share after each. */
function* renderSlabs(
  plan: PhantomPlan,
  options: PhantomOptions,
  mostVoxels: number,
): Generator<number, Phantom> {
  const { shape, spacingMm, first } = gridOf(plan, options)
  const [D, H, W] = shape
  const [dMm, hMm, wMm] = spacingMm
  const hu = new Int16Array(voxelCount(shape))
  const labels = new Uint8Array(hu.length)
  const instances = new Uint8Array(hu.length)
  const slab = Math.max(4, Math.floor(mostVoxels / (H * W)))
  for (let start = 0; start < D; start += slab) {
    const count = Math.min(slab, D - start)
    const crop = renderCrop(plan, {
      centreRasMm: [
        (first[0] + (W - 1) / 2) * wMm,
        (first[1] + (H - 1) / 2) * hMm,
        (first[2] + start + (count - 1) / 2) * dMm,
      ],
      shape: [count, H, W],
      spacingMm,
    })
    hu.set(crop.hu, start * H * W)
    labels.set(crop.labels, start * H * W)
    instances.set(crop.instances, start * H * W)
    yield (start + count) / D
  }
  const affine = [wMm, 0, 0, first[0] * wMm, 0, hMm, 0, first[1] * hMm, 0, 0, dMm, first[2] * dMm, 0, 0, 0, 1]
  return {
    seed: plan.seed,
    volume: { shape, spacingMm, affine, hu },
    labels,
    instances,
    nodules: plan.nodules,
    labelNames,
    synthetic: true,
  }
}

function requireSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0x7fffffff)
    throw new InputError(`The phantom got the seed ${seed}; it expects a whole number from 0 to 2147483647.`)
}

/**
 * The synthetic chest CT of a seed.
 * @throws InputError for a seed, spacing or shape out of range.
 */
export function generatePhantom(seed: number, options: PhantomOptions = {}): Phantom {
  requireSeed(seed)
  const slabs = renderSlabs(planPhantom(seed), options, slabVoxels)
  let step = slabs.next()
  while (!step.done) step = slabs.next()
  return step.value
}

/**
 * The same chest, made in pieces between which messages are read: it can be watched and stopped.
 * @param onProgress the finished share, 0…1
 * @throws InputError as `generatePhantom`; CancelledError.
 */
export async function makePhantom(
  seed: number,
  options: PhantomOptions,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (share: number) => void },
): Promise<Phantom> {
  requireSeed(seed)
  const slabs = renderSlabs(planPhantom(seed), options, slabVoxels / 10)
  for (;;) {
    await new Promise(resolve => setTimeout(resolve))
    throwIfCancelled(signal, 'Making the synthetic chest')
    const step = slabs.next()
    if (step.done) return step.value
    onProgress?.(step.value)
  }
}

/** A 32-bit hash (8 hex digits) of all bytes and of the nodules' positions: equal in every engine for the same seed and options. */
export function hashPhantom(seed: number, options: PhantomOptions = {}): string {
  const { volume, labels, instances, nodules } = generatePhantom(seed, options)
  let h = 0
  for (let i = 0; i < volume.hu.length; i++)
    h = mixWord(h, (volume.hu[i] & 0xffff) | (labels[i] << 16) | (instances[i] << 24))
  const truth = new Float64Array(
    nodules.flatMap(n => [...n.centreRasMm, n.volumeMm3, n.longAxisMm, n.shortAxisMm, n.likelihoodRatio]),
  )
  const bytes = new DataView(new ArrayBuffer(8))
  for (let i = 0; i < truth.length; i++) {
    // Both words in a fixed order, whatever the machine's own.
    bytes.setFloat64(0, truth[i])
    h = mixWord(mixWord(h, bytes.getInt32(0)), bytes.getInt32(4))
  }
  return finishHash(mixWord(h, truth.length)).toString(16).padStart(8, '0')
}
