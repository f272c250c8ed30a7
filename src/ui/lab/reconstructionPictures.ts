// The four pictures of a reconstruction, in the order in which they are read.
import type { Triple } from '../../base/shape.ts'
import type { HeldReconstruction } from '../../worker/heldArrays.ts'
import type { CropPicture } from './drawCrop.ts'

/** `low` and `high` are the window in the network's range; differences take half of its width for full colour. */
export function reconstructionPictures(
  { image, prediction, crop, codes }: HeldReconstruction,
  tokens: Triple,
  low: number,
  high: number,
): { name: string; picture: CropPicture }[] {
  const common = { shape: crop.shape, low, high }
  const difference = prediction.map((value, at) => value - image[at])
  return [
    { name: 'Original', picture: { ...common, values: image } },
    { name: 'Masked input', picture: { ...common, values: image, marks: { shape: tokens, codes } } },
    { name: 'Prediction', picture: { ...common, values: prediction } },
    {
      name: 'Difference',
      picture: { ...common, high: (high - low) / 2, values: difference, isDifference: true },
    },
  ]
}
