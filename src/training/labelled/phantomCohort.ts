// Synthetic cases with their truth: the nodules of phantoms, each painted when it is opened, as its scanner would see it.
import { InputError, throwIfCancelled } from '../../base/errors.ts'
import type { Triple } from '../../base/shape.ts'
import { planPhantom, type PhantomNodule, type PhantomPlan } from '../../phantom/anatomy.ts'
import { renderCrop } from '../../phantom/render.ts'
import { gridAround } from '../phantomCrops.ts'
import type { CohortProgress, LabelledCase, LabelledCohort, OpenLabelledCase } from './cohort.ts'
import { malignancyClasses } from './labelClasses.ts'

export interface PhantomCohortOptions {
  /** Side of the box that is painted around each nodule, mm. */
  readonly boxMm?: number
}

interface PhantomCase {
  readonly shown: LabelledCase
  readonly plan: PhantomPlan
  readonly nodule: PhantomNodule
}

/**
 * The nodules of the phantoms with these seeds; a plan (3 MB) is kept for each seed that has one, voxels are not.
 * @throws InputError when none of the seeds has a nodule; CancelledError.
 */
export async function phantomCohort(
  seeds: readonly number[],
  { boxMm = 80 }: PhantomCohortOptions = {},
  onProgress: (progress: CohortProgress) => void = () => {},
  signal?: AbortSignal,
): Promise<LabelledCohort> {
  const found: PhantomCase[] = []
  for (const [done, seed] of seeds.entries()) {
    onProgress({ stage: 'Planning synthetic chests', done, total: seeds.length })
    await new Promise(resolve => setTimeout(resolve))
    throwIfCancelled(signal, 'Planning the synthetic chests')
    const plan = planPhantom(seed)
    for (const nodule of plan.nodules)
      found.push({ shown: describeNodule(plan, nodule, boxMm), plan, nodule })
  }
  onProgress({ stage: 'Planning synthetic chests', done: seeds.length, total: seeds.length })
  if (found.length === 0)
    throw new InputError(
      `The ${seeds.length} synthetic chests have no nodule at all; about one in twelve has none. Choose more seeds.`,
    )
  return {
    classes: malignancyClasses,
    cases: found.map(({ shown }) => shown),
    leftOut: [],
    notices: ['All cases are synthetic.'],
    open: index => Promise.resolve(paintCase(found[index], boxMm)),
    release: () => {},
  }
}

/** Voxels of the scanner that fill the box, an odd number along each axis. */
function boxShape({ scanner }: PhantomPlan, boxMm: number): Triple {
  const side = (mm: number) => 2 * Math.floor(boxMm / mm / 2) + 1
  const [dMm, hMm, wMm] = scanner.spacingMm
  return [side(dMm), side(hMm), side(wMm)]
}

function describeNodule(plan: PhantomPlan, nodule: PhantomNodule, boxMm: number): LabelledCase {
  return {
    id: `phantom ${plan.seed} #${nodule.id}`,
    patient: `phantom ${plan.seed}`,
    label: nodule.malignant ? 1 : 0,
    isIndeterminate: false,
    hasMask: true,
    volumeMm3: nodule.volumeMm3,
    synthetic: true,
    grid: { shape: boxShape(plan, boxMm), spacingMm: plan.scanner.spacingMm },
  }
}

function paintCase({ plan, nodule }: PhantomCase, boxMm: number): OpenLabelledCase {
  const shape = boxShape(plan, boxMm)
  const { spacingMm } = plan.scanner
  const { centreRasMm } = nodule
  const { hu, instances } = renderCrop(plan, { centreRasMm, shape, spacingMm })
  const hasOthers = instances.some(id => id > 0 && id !== nodule.id)
  return {
    volume: { ...gridAround(centreRasMm, shape, spacingMm), hu },
    mask: instances.map(id => (id === nodule.id ? 1 : 0)),
    centreRasMm,
    ...(hasOthers ? { otherLesions: instances.map(id => (id > 0 && id !== nodule.id ? 1 : 0)) } : {}),
  }
}
