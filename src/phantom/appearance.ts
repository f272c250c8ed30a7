// What a nodule looks like, given what it is: malignancy is drawn first, then each feature from a class-conditional distribution that
// overlaps with the other class's. The product of the ratios is the nodule's true likelihood ratio, so the best AUC any reader or
// network could reach on a set of phantoms is known. Diameter alone gives about 0.77, everything together about 0.94.
import { exponential, logarithm } from './mathPortable.ts'
import type { Random } from './random.ts'

export const textures = ['solid', 'part-solid', 'ground-glass'] as const
export const margins = ['smooth', 'lobulated', 'spiculated'] as const
export const calcifications = ['none', 'central', 'laminated', 'popcorn', 'diffuse', 'fat'] as const
export const attachments = ['none', 'pleura', 'vessel', 'fissure'] as const
export const interiors = ['none', 'cavity', 'air bronchogram'] as const

export type Texture = (typeof textures)[number]
export type Margin = (typeof margins)[number]
export type Calcification = (typeof calcifications)[number]
export type Attachment = (typeof attachments)[number]
export type Interior = (typeof interiors)[number]

export interface Appearance {
  readonly malignant: boolean
  readonly diameterMm: number
  readonly texture: Texture
  readonly margin: Margin
  readonly calcification: Calcification
  readonly attachment: Attachment
  readonly interior: Interior
  readonly upperLobe: boolean
  /** p(features | malignant) / p(features | benign). */
  readonly likelihoodRatio: number
}

interface ClassModel {
  readonly logMedian: number
  readonly texture: readonly number[]
  readonly margin: readonly number[]
  /** Given a solid nodule; the others have none. */
  readonly calcification: readonly number[]
  readonly attachment: readonly number[]
  readonly interior: readonly number[]
  readonly upper: number
}

export const malignantShare = 0.4
const logDeviation = 0.46
export const smallestMm = 3
export const largestMm = 30

const benign: ClassModel = {
  logMedian: logarithm(5.7),
  texture: [0.79, 0.07, 0.14],
  margin: [0.74, 0.2, 0.06],
  calcification: [0.67, 0.11, 0.06, 0.06, 0.07, 0.03],
  attachment: [0.49, 0.26, 0.12, 0.13],
  interior: [0.97, 0.01, 0.02],
  upper: 0.53,
}

const malignant: ClassModel = {
  logMedian: logarithm(9.6),
  texture: [0.57, 0.28, 0.15],
  margin: [0.12, 0.36, 0.52],
  calcification: [0.972, 0.004, 0.004, 0.004, 0.012, 0.004],
  attachment: [0.54, 0.24, 0.2, 0.02],
  interior: [0.86, 0.05, 0.09],
  upper: 0.7,
}

function bell(x: number, mean: number): number {
  const t = (x - mean) / logDeviation
  return exponential(-0.5 * t * t)
}

/** Mass of a class's log-normal diameter between the smallest and the largest, by Simpson's rule: draws outside are redrawn. */
function massInRange(mean: number): number {
  const low = logarithm(smallestMm)
  const step = (logarithm(largestMm) - low) / 200
  let sum = 0
  for (let i = 0; i <= 200; i++)
    sum += (i === 0 || i === 200 ? 1 : i % 2 === 1 ? 4 : 2) * bell(low + i * step, mean)
  return (sum * step) / 3
}

const massRatio = massInRange(benign.logMedian) / massInRange(malignant.logMedian)

/** Likelihood ratio of the diameter alone (mm). */
export function diameterLikelihoodRatio(diameterMm: number): number {
  const x = logarithm(diameterMm)
  return (bell(x, malignant.logMedian) / bell(x, benign.logMedian)) * massRatio
}

/** Draws a nodule's class and, from it, its appearance. */
export function drawAppearance(random: Random): Appearance {
  const isMalignant = random.chance(malignantShare)
  const model = isMalignant ? malignant : benign
  let diameterMm = 0
  while (diameterMm < smallestMm || diameterMm > largestMm)
    diameterMm = exponential(random.normal(model.logMedian, logDeviation))
  let likelihoodRatio = diameterLikelihoodRatio(diameterMm)
  const draw = <T>(
    values: readonly T[],
    feature: 'texture' | 'margin' | 'calcification' | 'attachment' | 'interior',
  ): T => {
    const index = random.pick(model[feature])
    likelihoodRatio *= malignant[feature][index] / benign[feature][index]
    return values[index]
  }
  const texture = draw(textures, 'texture')
  const margin = draw(margins, 'margin')
  const calcification = texture === 'solid' ? draw(calcifications, 'calcification') : 'none'
  const attachment = draw(attachments, 'attachment')
  // Cavities and bronchograms need room and a body that shows them.
  const interior =
    texture === 'solid' && diameterMm >= 8 && calcification === 'none' ? draw(interiors, 'interior') : 'none'
  const upperLobe = random.chance(model.upper)
  likelihoodRatio *= upperLobe ? malignant.upper / benign.upper : (1 - malignant.upper) / (1 - benign.upper)
  return {
    malignant: isMalignant,
    diameterMm,
    texture,
    margin,
    calcification,
    attachment,
    interior,
    upperLobe,
    likelihoodRatio,
  }
}
