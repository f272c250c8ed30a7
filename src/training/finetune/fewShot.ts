// Few-shot: the same run on fewer labels, judged on the same cases.
import { canonicalJson } from '../../network/model.ts'
import type { FinetuneConfig } from './runRecord.ts'
import type { FinetuneSettings } from './settings.ts'

/** Shares of the labels that stand beside each other. */
export const fewShotShares = [0.25, 0.5, 1] as const

/** Equal for two runs that differ in the share of the labels alone. */
export function fewShotKey({ settings, crops }: Pick<FinetuneConfig, 'settings' | 'crops'>): string {
  return canonicalJson({ ...settings, labelShare: null, crops: crops.identity })
}

/** Those of `fewShotShares` that are not among the given ones, the largest first. */
export function missingShares(known: readonly number[]): number[] {
  return fewShotShares.filter(share => !known.includes(share)).sort((a, b) => b - a)
}

/** The settings of a run that were those of another share. */
export const withShare = (settings: FinetuneSettings, labelShare: number): FinetuneSettings => ({
  ...settings,
  labelShare,
})
