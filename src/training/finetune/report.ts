// The validation report of a run: its held-out cases as the judges read them, with the names of what is compared.
import { judgeClasses } from '../validation/judgeClasses.ts'
import { judgeMasks } from '../validation/judgeMasks.ts'
import type { Compared, ValidationReport } from '../validation/report.ts'
import type { FinetuneResult } from './result.ts'

/** How the cases were kept unseen, in words. */
export function describeValidation({ settings }: Pick<FinetuneResult, 'settings'>): string {
  const { validation, labelShare } = settings
  const share = labelShare < 1 ? `, ${Math.round(100 * labelShare)} % of the training labels` : ''
  return validation.kind === 'folds'
    ? `${validation.folds} folds by patient${share}`
    : `a test part of ${Math.round(100 * validation.test)} % of the patients, opened once${share}`
}

/**
 * `name`: of the new model; `others`: the same run on other shares of the labels. Empty scores give a report without
 * figures that says so.
 */
export function finetuneReport(
  result: FinetuneResult,
  name: string,
  others: readonly FinetuneResult[] = [],
): ValidationReport {
  const { settings, data, classes, classified, segmented } = result
  const { labelShare } = settings
  const isSegmentation = settings.task === 'segment'
  const before = settings.start === 'scratch' ? null : `${settings.start.name} ${settings.start.version}`
  const judged = isSegmentation ? segmented : classified
  const kind = data.synthetic ? 'synthetic ' : ''
  const hasBefore = judged.some(one => one.before !== null)
  const compared: Compared = {
    after: name,
    before: hasBefore ? before : null,
    data: isSegmentation
      ? `${segmented.length} ${kind}cases with a mask, ${data.maskPatients} patients`
      : `${classified.length} labelled ${kind}cases of ${data.patients} patients`,
    synthetic: data.synthetic,
    how: describeValidation(result),
    ...(result.seenByStart > 0 && {
      seen: `The start model has learnt from the scans of ${result.seenByStart} of these ${data.cases} cases: none of the figures, its own and the new model’s, is honest for them.`,
    }),
  }
  const sharesOf = <Scored>(of: (one: FinetuneResult) => readonly Scored[]) =>
    others.map(other => ({ share: other.settings.labelShare, scored: of(other) }))
  if (isSegmentation) {
    const shares = sharesOf(other => other.segmented)
    return judgeMasks(segmented, { compared, labelShare, shares })
  }
  const shares = sharesOf(other => other.classified)
  return judgeClasses(classified, { classes, compared, labelShare, shares })
}
