// The nodule cubes of LIDC-IDRI as labelled cases: labels.csv, and for each id a cube and a reader's mask beside it.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../../src/base/errors.ts'
import type { ProbeCase } from '../../src/training/ablation/probeSets.ts'
import type { PretrainRecipe } from '../../src/training/pretrain/recipe.ts'
import { cropAt } from '../../src/tokens/crops.ts'
import { normaliseHu } from '../../src/tokens/normalise.ts'
import { voxelToRasMm, type PointMm } from '../../src/volume/geometry.ts'
import { listSeries, openSeries } from '../../src/volume/readScan.ts'
import type { Volume } from '../../src/volume/volume.ts'
import { readScanFiles } from './files.ts'

async function openVolume(file: string): Promise<Volume> {
  const listing = await listSeries(await readScanFiles(file))
  return (await openSeries(listing, listing.series[0].id)).volume
}

function centroidRasMm({ shape, affine, hu }: Volume): PointMm {
  const [, H, W] = shape
  let [count, d, h, w] = [0, 0, 0, 0]
  hu.forEach((value, i) => {
    if (value <= 0) return
    count++
    w += i % W
    h += Math.floor(i / W) % H
    d += Math.floor(i / (H * W))
  })
  return voxelToRasMm(affine, [d / count, h / count, w / count])
}

/** Rows of a CSV without quotes, as objects. */
function parseCsv(text: string): Record<string, string>[] {
  const [head, ...lines] = text.trim().split(/\r?\n/)
  const names = head.split(',')
  return lines.map(line => Object.fromEntries(line.split(',').map((value, at) => [names[at], value])))
}

/**
 * Crops of the recipe's shape and spacing, centred on each mask's centroid. Malignant: rated 4 or more; a rating of 3 is
 * indeterminate.
 * @throws InputError when the folder is not what it should be.
 */
export async function readLidcNodules(folder: string, recipe: PretrainRecipe): Promise<ProbeCase[]> {
  const labels = await readFile(path.join(folder, 'labels.csv'), 'utf8').catch(() => {
    throw new InputError(
      `There is no labels.csv in ${folder}; the folder of nodule cubes (ID.nii.gz, ID_mask.nii.gz, labels.csv) is expected.`,
    )
  })
  const cases: ProbeCase[] = []
  for (const { id, malignant, malignancy, volume_mm3: volumeMm3 } of parseCsv(labels)) {
    const cube = await openVolume(path.join(folder, `${id}.nii.gz`))
    const centre = centroidRasMm(await openVolume(path.join(folder, `${id}_mask.nii.gz`)))
    const hu = cropAt(cube, centre, recipe.cropShape, recipe.spacingMm)
    cases.push({
      group: id,
      isMalignant: malignant === '1',
      volumeMm3: Number(volumeMm3),
      isIndeterminate: Number(malignancy) === 3,
      crop: normaliseHu(hu, recipe.huWindow, recipe.outputRange, hu),
    })
  }
  return cases
}
