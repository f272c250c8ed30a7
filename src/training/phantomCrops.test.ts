import { describe, expect, it } from 'vitest'
import { planPhantom, type PhantomPlan } from '../phantom/anatomy.ts'
import { createCropSampler, cropPhantom } from './phantomCrops.ts'
import { recipeFor, type Recipe } from './recipe.ts'

const small = (task: 'segment' | 'classify'): Recipe => {
  const recipe = recipeFor(task, 'demo')
  return { ...recipe, batch: 2, entry: { ...recipe.entry, shape: [32, 32, 32] } }
}

/** The first training phantom with a nodule of 8 mm or more and slices thicker, or not, than the network's voxels. */
function firstPlan(isThick: boolean): PhantomPlan {
  for (let seed = 0; ; seed++) {
    const plan = planPhantom(seed)
    const hasNodule = plan.nodules.some(nodule => nodule.radiusMm > 4)
    if (plan.scanner.spacingMm[0] > 1.5 === isThick && hasNodule) return plan
  }
}

describe('phantom crops', () => {
  it('are the same for the same step of the same run, also when the run was continued there', () => {
    const first = createCropSampler('segment', small('segment'), 7, 'train')
    first(0)
    const afterOne = first(1)
    const continued = createCropSampler('segment', small('segment'), 7, 'train')(1)
    expect(continued.images).toEqual(afterOne.images)
    expect(continued.labels).toEqual(afterOne.labels)
  })

  it('differ between steps and between runs', () => {
    const sampler = createCropSampler('segment', small('segment'), 7, 'train')
    const other = createCropSampler('segment', small('segment'), 8, 'train')(0)
    const { images } = sampler(0)
    expect(sampler(1).images).not.toEqual(images)
    expect(other.images).not.toEqual(images)
  })

  it('show nodules in some crops and only 0 and 1 as labels', () => {
    const sampler = createCropSampler('segment', small('segment'), 3, 'train')
    const labels = [0, 1, 2, 3].flatMap(step => Array.from(sampler(step).labels))
    expect(new Set(labels)).toEqual(new Set([0, 1]))
  })

  it('stay in the range that the network expects', () => {
    const recipe = small('classify')
    const { images, labels } = createCropSampler('classify', recipe, 3, 'train')(0)
    const [low, high] = recipe.entry.outputRange
    expect(images.every(value => value >= low && value <= high)).toBe(true)
    expect(labels).toHaveLength(recipe.batch)
  })

  it('hold a nodule in the middle when centred on it, with thin and with thick slices alike', () => {
    for (const isThick of [false, true]) {
      const plan = firstPlan(isThick)
      const nodule = plan.nodules.find(each => each.radiusMm > 4)!
      const { mask } = cropPhantom(plan, nodule.centreRasMm, [32, 32, 32], [1.5, 1.5, 1.5])
      const inside = mask.reduce((sum, value) => sum + value, 0) * 1.5 ** 3
      // Voxels of 1.5 mm and interpolated slices of up to 3 mm: half to one and a half times the true volume.
      expect(inside).toBeGreaterThan(0.5 * Math.min(nodule.volumeMm3, 4000))
      expect(mask[(16 * 32 + 16) * 32 + 16]).toBe(1)
    }
  })
})
