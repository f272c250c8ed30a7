// Metrics with their intervals: the trained model beside what it began from and, for malignancy, beside size alone.
import type { Estimate, MetricRow } from '../../../worker/finetuneReport.ts'

export function MetricTable({ rows, label }: { rows: readonly MetricRow[]; label: string }) {
  const hasStart = rows.some(({ start }) => start !== null)
  const hasSize = rows.some(({ size }) => size !== null)
  return (
    <table className="metric-table" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">With 95 % interval</th>
          <th scope="col">Trained</th>
          {hasStart && <th scope="col">Start model</th>}
          {hasSize && <th scope="col">Size alone</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, unit, trained, start, size }) => (
          <tr key={name}>
            <td>
              {name}
              {unit && <span className="secondary">, {unit}</span>}
            </td>
            <td>
              <Figure estimate={trained} />
            </td>
            {hasStart && <td className="before">{start ? <Figure estimate={start} /> : '—'}</td>}
            {hasSize && <td className="before">{size ? <Figure estimate={size} /> : '—'}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Figure({ estimate: { value, low, high } }: { estimate: Estimate }) {
  if (!Number.isFinite(value)) return <>—</>
  return (
    <>
      {figure(value)}{' '}
      <span className="secondary interval">
        [{figure(low)}, {figure(high)}]
      </span>
    </>
  )
}

const figure = (value: number) => value.toFixed(2).replace('-', '−')
