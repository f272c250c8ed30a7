// The nodule cubes of LIDC-IDRI as cases of the ablation: labels.csv, and for each id a cube and a reader's mask beside it.
import { InputError } from '../../src/base/errors.ts'
import type { ProbeCase } from '../../src/training/ablation/probeSets.ts'
import type { PretrainRecipe } from '../../src/training/pretrain/recipe.ts'
import { cropAt } from '../../src/tokens/crops.ts'
import { normaliseHu } from '../../src/tokens/normalise.ts'
import { openLabelled } from './labelled.ts'

/**
 * Crops of the recipe's shape and spacing, centred on each mask's centroid. Malignant: rated 4 or more; a rating of 3 is
 * indeterminate.
 * @throws InputError when the folder is not what it should be.
 */
export async function readLidcNodules(folder: string, recipe: PretrainRecipe): Promise<ProbeCase[]> {
  const cohort = await openLabelled(folder)
  if (cohort.leftOut.length > 0 || cohort.cases.some(one => one.label === null || one.volumeMm3 === null))
    throw new InputError(
      `${folder} is not the whole set of nodule cubes (ID.nii.gz, ID_mask.nii.gz, labels.csv): ${cohort.leftOut[0]?.why ?? 'some have no label'}`,
    )
  const cases: ProbeCase[] = []
  for (const [index, { patient, label, volumeMm3, isIndeterminate }] of cohort.cases.entries()) {
    const { volume, centreRasMm } = await cohort.open(index)
    const hu = cropAt(volume, centreRasMm, recipe.cropShape, recipe.spacingMm)
    cases.push({
      group: patient,
      isMalignant: label === 1,
      volumeMm3: volumeMm3!,
      isIndeterminate,
      crop: normaliseHu(hu, recipe.huWindow, recipe.outputRange, hu),
    })
  }
  cohort.release()
  return cases
}
