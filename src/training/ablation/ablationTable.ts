// The ablation as Markdown: AUC of each way of pretraining by share of labels, mean and range over the seeds, and its
// difference from full SMART with an interval by paired bootstrap over patients.
import { areaUnderRoc, bootstrap, type Interval } from '../metrics.ts'
import { labelShares, type LabelledCase, type LabelShare, type ProbeScores } from './probeProtocol.ts'
import { variants, type VariantName } from './variants.ts'

/** The judged cases of one set, and each variant's scores by seed. */
export interface JudgedSet {
  readonly title: string
  readonly cases: readonly LabelledCase[]
  readonly scores: Readonly<Partial<Record<VariantName, readonly ProbeScores[]>>>
}

const draws = 1000

function aucOf(cases: readonly LabelledCase[], scores: readonly number[], picked: readonly number[]): number {
  return areaUnderRoc(
    picked.map(at => scores[at]),
    picked.map(at => cases[at].isMalignant),
  )
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Cases by patient: the units that are drawn. */
function unitsOf(cases: readonly LabelledCase[]): number[][] {
  const units = new Map<string, number[]>()
  cases.forEach(({ group }, at) => units.set(group, [...(units.get(group) ?? []), at]))
  return [...units.values()]
}

/** Mean over the seeds of the AUC, of a sample of the cases. */
function meanAuc(
  set: JudgedSet,
  seeds: readonly ProbeScores[],
  share: LabelShare,
  picked: readonly number[],
) {
  return mean(seeds.map(scores => aucOf(set.cases, scores[share], picked)))
}

/** AUC(variant) − AUC(SMART), each the mean over its seeds, on the same drawn patients. */
export function pairedDifference(
  set: JudgedSet,
  variant: VariantName,
  share: LabelShare,
): Interval | undefined {
  const [own, smart] = [set.scores[variant], set.scores.smart]
  if (!own?.length || !smart?.length) return undefined
  return bootstrap(
    unitsOf(set.cases),
    sample => {
      const picked = sample.flat()
      return meanAuc(set, own, share, picked) - meanAuc(set, smart, share, picked)
    },
    { draws },
  )
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`
}

function cell(set: JudgedSet, variant: VariantName, share: LabelShare): string {
  const seeds = set.scores[variant]
  if (!seeds?.length) return 'not yet'
  const all = set.cases.map((_, at) => at)
  const aucs = seeds.map(scores => aucOf(set.cases, scores[share], all))
  const range = `${Math.min(...aucs).toFixed(2)}–${Math.max(...aucs).toFixed(2)}`
  const difference = variant === 'smart' ? undefined : pairedDifference(set, variant, share)
  const compared = difference
    ? `; ${signed(difference.value)} [${signed(difference.low)}, ${signed(difference.high)}]`
    : ''
  return `${mean(aucs).toFixed(3)} (${range})${compared}`
}

function sizeRow(set: JudgedSet): string {
  const { value, low, high } = bootstrap(
    unitsOf(set.cases),
    sample => {
      const volumes = set.cases.map(({ volumeMm3 }) => volumeMm3)
      return aucOf(set.cases, volumes, sample.flat())
    },
    { draws },
  )
  const text = `${value.toFixed(3)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
  return `| size alone (no labels) | – | ${text} | ${text} | ${text} |`
}

/** One set as a table; a row for each variant, and size alone beside them. */
export function setTable(set: JudgedSet): string {
  const malignant = set.cases.filter(({ isMalignant }) => isMalignant).length
  const rows = variants.map(({ name, title }) => {
    const cells = labelShares.map(share => cell(set, name, share))
    return `| ${title} | ${set.scores[name]?.length ?? 0} | ${cells.join(' | ')} |`
  })
  return [
    `### ${set.title}: ${set.cases.length} nodules of ${unitsOf(set.cases).length} patients, ${malignant} malignant`,
    '',
    `| pretraining | seeds | ${labelShares.map(share => `${share} % of labels`).join(' | ')} |`,
    '| --- | --- | --- | --- | --- |',
    ...rows,
    sizeRow(set),
  ].join('\n')
}

/** The same set without the cases that the reader could not decide; undefined when there are none of them. */
export function withoutIndeterminate(set: JudgedSet, title: string): JudgedSet | undefined {
  const kept = set.cases.flatMap(({ isIndeterminate }, at) => (isIndeterminate ? [] : [at]))
  if (kept.length === set.cases.length) return undefined
  const pick = (scores: ProbeScores) =>
    Object.fromEntries(
      labelShares.map(share => [share, kept.map(at => scores[share][at])]),
    ) as unknown as ProbeScores
  return {
    title,
    cases: kept.map(at => set.cases[at]),
    scores: Object.fromEntries(Object.entries(set.scores).map(([name, seeds]) => [name, seeds.map(pick)])),
  }
}
