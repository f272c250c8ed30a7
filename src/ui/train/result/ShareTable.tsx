// How the figure falls with fewer labels: models that learnt from a share of them, on the same cases.
import type { ValidationReport } from '../../../worker/finetuneProtocol.ts'
import { formatPercent } from '../../format.ts'
import { figureText } from '../charts/chartLayout.ts'

interface ShareTableProps {
  readonly shares: ValidationReport['shares']
  readonly figure: string
}

export function ShareTable({ shares, figure }: ShareTableProps) {
  if (shares.length === 0) return null
  return (
    <table className="metric-table figures" aria-label="Fewer labels">
      <thead>
        <tr>
          <th scope="col">Labels</th>
          <th scope="col">{figure}</th>
          <th scope="col">Difference</th>
        </tr>
      </thead>
      <tbody>
        {shares.map(({ share, figure: value, difference }) => (
          <tr key={share}>
            <th scope="row">{formatPercent(share)}</th>
            <td>{value ? figureText(value) : '—'}</td>
            <td>{difference ? figureText(difference) : '—'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
