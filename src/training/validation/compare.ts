// Two models on the same patients: the difference with its interval, and the sentence that it allows.
import type { Comparison, Figure, Rival } from './report.ts'
import { estimate, leastPatients, type Resampling, type Statistic } from './resampling.ts'

interface Measure {
  readonly higherIsBetter: boolean
  readonly digits: number
  readonly unit: string
}

const measures: Readonly<Record<Comparison['measure'], Measure>> = {
  AUC: { higherIsBetter: true, digits: 3, unit: '' },
  'balanced accuracy': { higherIsBetter: true, digits: 3, unit: '' },
  'Brier score': { higherIsBetter: false, digits: 3, unit: '' },
  Dice: { higherIsBetter: true, digits: 3, unit: '' },
  'absolute volume error': { higherIsBetter: false, digits: 3, unit: '' },
  'surface distance': { higherIsBetter: false, digits: 2, unit: ' mm' },
}

/** Names of both, and what was counted, for the sentence. */
export interface Sides {
  readonly after: string
  readonly rival: Rival
  readonly rivalName: string
  readonly cases: number
  readonly patients: number
}

/** `after` − `rival`, drawn together; undefined where one of them has no value. */
export function compare(
  measure: Comparison['measure'],
  after: Statistic,
  rival: Statistic,
  resampling: Resampling,
  sides: Sides,
): Comparison | undefined {
  const difference = estimate(weights => after(weights) - rival(weights), resampling)
  if (!difference) return undefined
  const gain = measures[measure].higherIsBetter ? difference.value : -difference.value
  const better = gain > 0 ? 'after' : gain < 0 ? 'rival' : 'neither'
  const { interval } = difference
  const isClear = interval !== null && (interval[0] > 0 || interval[1] < 0)
  const counted = `${plural(sides.cases, 'case')} of ${plural(sides.patients, 'patient')}`
  return {
    rival: sides.rival,
    measure,
    difference,
    better,
    isClear,
    sentence: sentenceOf(measure, difference, better, isClear, sides, counted),
  }
}

function sentenceOf(
  measure: Comparison['measure'],
  { value, interval }: Figure,
  better: Comparison['better'],
  isClear: boolean,
  { after, rivalName }: Sides,
  counted: string,
): string {
  const { digits, unit } = measures[measure]
  const [ahead, behind] = better === 'rival' ? [rivalName, after] : [after, rivalName]
  // Names of models stay as they are at the beginning of a sentence.
  const opening = /^(size|the) /.test(ahead) ? ahead[0].toUpperCase() + ahead.slice(1) : ahead
  const by = `${signed(value, digits)}${unit}`
  const range = interval && `[${signed(interval[0], digits)}, ${signed(interval[1], digits)}]`
  const told = `${measure} of ${after} minus that of ${rivalName}: ${by}${range ? ` ${range}` : ''}`
  if (better === 'neither') return `${told}. They are equal on ${counted}.`
  if (!range)
    return `${told}. ${opening} is ahead of ${behind}, but ${counted} give no interval (at least ${leastPatients} patients are needed), so it cannot be claimed.`
  if (isClear)
    return `${told}. ${opening} is better than ${behind}: the 95 % interval leaves out 0, so ${counted} allow the claim.`
  return `${told}. ${opening} is ahead of ${behind}, but the 95 % interval contains 0: ${counted} do not allow the claim that it is better.`
}

/** “1 case”, “2 cases”. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** With a true minus sign; −0 is 0. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits)
  if (Number(text) === 0) return text
  return `${value < 0 ? '−' : '+'}${text}`
}
