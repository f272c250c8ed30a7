// The bootstrap that every figure of a report shares: patients are drawn once, as how often each case counts in each draw,
// so that figures of two models on the same draws are paired and a thousand cases cost little.
import { resampler } from '../metrics.ts'
import type { Figure } from './report.ts'

/** Fewer patients give no interval: the percentiles of so few draws say nothing. */
export const leastPatients = 5

export interface Resampling {
  readonly cases: number
  readonly patients: number
  /** [draws][cases]: how often a case counts. */
  readonly weights: readonly Uint16Array[]
}

/** A figure of the cases, each counted by its weight; NaN where it has none. */
export type Statistic = (weights: ArrayLike<number>) => number

/** Draws patients with replacement, all cases of one together; the same draws as `bootstrap` over the patients makes. */
export function resample(patientOfCase: readonly number[], draws: number, seed: number): Resampling {
  const patients = [...new Set(patientOfCase)]
  const place = new Map(patients.map((patient, at) => [patient, at]))
  const unit = patientOfCase.map(patient => place.get(patient)!)
  const random = resampler(seed)
  const weights = Array.from({ length: patients.length < leastPatients ? 0 : draws }, () => {
    const times = new Uint16Array(patients.length)
    for (let i = 0; i < patients.length; i++) times[Math.floor(random() * patients.length)]++
    return Uint16Array.from(unit, at => times[at])
  })
  return { cases: patientOfCase.length, patients: patients.length, weights }
}

/** The values at 2.5 and 97.5 % of the finite ones; null where fewer than half of them are finite. */
export function percentileInterval(values: readonly number[]): readonly [number, number] | null {
  const finite = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (finite.length === 0 || finite.length < values.length / 2) return null
  const at = (share: number) => finite[Math.min(finite.length - 1, Math.floor(share * finite.length))]
  return [at(0.025), at(0.975)]
}

/** The figure of all cases with its 95 % percentile interval; null where the cases have no such figure. */
export function estimate(statistic: Statistic, { cases, weights }: Resampling): Figure | null {
  const value = statistic(new Uint16Array(cases).fill(1))
  if (!Number.isFinite(value)) return null
  return { value, interval: percentileInterval(weights.map(statistic)) }
}

/** Mean over the cases that have a value. */
export function meanOf(values: readonly (number | null)[]): Statistic {
  return weights => {
    let [sum, count] = [0, 0]
    values.forEach((value, i) => {
      if (value === null) return
      sum += weights[i] * value
      count += weights[i]
    })
    return sum / count
  }
}
