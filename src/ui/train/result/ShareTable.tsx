// How the figure falls with fewer labels: models that learnt from a share of them, on the same cases; and the one action that
// trains them.
import { Button } from 'react-aria-components'
import { missingSharesOf } from '../../../state/fewShotSlice.ts'
import { isLive } from '../../../state/liveRunSlice.ts'
import type { ValidationReport } from '../../../worker/finetuneProtocol.ts'
import { Failed } from '../../Failed.tsx'
import { formatPercent } from '../../format.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { figureText } from '../charts/chartLayout.ts'

interface ShareTableProps {
  readonly shares: ValidationReport['shares']
  readonly figure: string
}

export function ShareTable({ shares, figure }: ShareTableProps) {
  return (
    <>
      {shares.length > 0 && (
        <table className="metric-table figures" aria-label="Fewer labels">
          <thead>
            <tr>
              <th scope="col">Labels</th>
              <th scope="col">{figure}</th>
              <th scope="col">Minus that of {formatPercent(shares[0].share)}</th>
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
      )}
      <TrainShares />
    </>
  )
}

const percents = new Intl.ListFormat('en', { type: 'conjunction' })

function TrainShares() {
  const missing = useWorkbench(state => missingSharesOf(state).join(' '))
  const left = useWorkbench(state => state.sharesToTrain)
  const failure = useWorkbench(state => state.fewShotFailure)
  const isBusy = useWorkbench(isLive)
  const train = useWorkbench(state => state.trainFewerLabels)
  if (left.length > 0)
    return (
      <p className="secondary" role="status">
        Training on {formatPercent(left[0])} of the labels …
      </p>
    )
  if (missing === '') return null
  const shares = missing.split(' ').map(share => formatPercent(Number(share)))
  return (
    <div className="train-shares">
      {failure && <Failed failure={failure} />}
      <Button className="button small" isDisabled={isBusy} onPress={() => void train()}>
        Train on {percents.format(shares)} of the labels too
      </Button>
      <p className="secondary">
        The same set-up again: how the figure falls with fewer labels, on the same held-out cases.
      </p>
    </div>
  )
}
