// Few-shot: models that learnt from 25, 50 and 100 % of the labels, judged on the same cases.
import type { ShareRow } from './report.ts'
import { estimate, resample, type Statistic } from './resampling.ts'

export interface ShareOf<Scored> {
  readonly share: number
  readonly scored: readonly Scored[]
}

/** Rows by share, largest first; empty without another share. Cases are matched by their index in the crop set. */
export function compareShares<Scored extends { readonly at: number; readonly patient: number }>(
  own: ShareOf<Scored>,
  others: readonly ShareOf<Scored>[],
  statisticOf: (scored: readonly Scored[]) => Statistic,
  { draws, seed }: { readonly draws: number; readonly seed: number },
): ShareRow[] {
  if (others.length === 0) return []
  const [largest, ...rest] = [own, ...others].sort((a, b) => b.share - a.share)
  const rowOf = ({ share, scored }: ShareOf<Scored>, difference: ShareRow['difference']): ShareRow => ({
    share,
    cases: scored.length,
    figure: estimate(statisticOf(scored), resampleOf(scored, draws, seed)),
    difference,
  })
  return [
    rowOf(largest, null),
    ...rest.map(each => {
      const pairs = each.scored.flatMap(one => {
        const other = largest.scored.find(({ at }) => at === one.at)
        return other ? [{ one, other }] : []
      })
      const ones = pairs.map(({ one }) => one)
      const [few, all] = [statisticOf(ones), statisticOf(pairs.map(({ other }) => other))]
      return rowOf(
        each,
        estimate(weights => few(weights) - all(weights), resampleOf(ones, draws, seed)),
      )
    }),
  ]
}

function resampleOf(scored: readonly { readonly patient: number }[], draws: number, seed: number) {
  return resample(
    scored.map(({ patient }) => patient),
    draws,
    seed,
  )
}
