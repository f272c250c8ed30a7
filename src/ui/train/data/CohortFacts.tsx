// What the open labelled data is: how many cases of how many patients, their labels and sizes, what is left out and why.
import { Fold } from '../Fold.tsx'
import type { LabelledSummary } from '../../../worker/labelledProtocol.ts'
import { CLASS_INK, SizeChart } from '../charts/SizeChart.tsx'
import { CaseGrid } from './CaseGrid.tsx'
import { balanceOf, countPhrase, diametersByClass, type ClassShare } from './cohortNumbers.ts'
import { ColumnChoice } from './ColumnChoice.tsx'

export function CohortFacts({ data }: { data: LabelledSummary }) {
  const { cases, classes, leftOut, notices } = data
  const patients = new Set(cases.map(({ patient }) => patient)).size
  const masks = cases.filter(({ hasMask }) => hasMask).length
  const isSynthetic = cases.some(({ synthetic }) => synthetic)
  return (
    <>
      <p className="cohort-head" data-testid="cohort-head">
        <b className="figures">{countPhrase(cases.length, 'case')}</b> of {countPhrase(patients, 'patient')},{' '}
        {masks === cases.length ? 'all with masks' : masks === 0 ? 'none with a mask' : `${masks} with masks`}
        {isSynthetic && <span className="badge badge-synthetic">SYNTHETIC</span>}
      </p>
      {classes.length > 0 && <BalanceBar shares={balanceOf(data)} total={cases.length} />}
      {data.table && <ColumnChoice table={data.table} />}
      <Fold title={countPhrase(cases.length, 'case')}>
        <CaseGrid data={data} />
      </Fold>
      <Fold title="Sizes">
        <SizeChart diametersMm={diametersByClass(data)} classes={classes} />
      </Fold>
      {leftOut.length > 0 && (
        <Fold title={`${countPhrase(leftOut.length, 'case')} left out`} isWarning>
          <ul className="sentences">
            {leftOut.map(({ id, why }) => (
              <li key={`${id} ${why}`}>{why}</li>
            ))}
          </ul>
        </Fold>
      )}
      {notices.length > 0 && (
        <Fold title={countPhrase(notices.length, 'notice')} isWarning>
          <ul className="sentences">
            {notices.map(notice => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
        </Fold>
      )}
    </>
  )
}

/** Shares of the classes, with their names and numbers: never by colour alone. */
function BalanceBar({ shares, total }: { shares: readonly ClassShare[]; total: number }) {
  return (
    <div className="balance" aria-label="Labels">
      <div className="balance-bar" aria-hidden>
        {shares.map(({ name, count }, at) => (
          <span
            key={name}
            style={{ flexGrow: count / total, background: CLASS_INK[at % CLASS_INK.length] }}
          />
        ))}
      </div>
      <p className="balance-names figures">
        {shares.map(({ name, count, indeterminate }, at) => (
          <span key={name}>
            <span style={{ color: CLASS_INK[at % CLASS_INK.length] }} aria-hidden>
              ■
            </span>{' '}
            {count} {name}
            {indeterminate > 0 && <span className="secondary"> ({indeterminate} indeterminate)</span>}
          </span>
        ))}
      </p>
    </div>
  )
}
