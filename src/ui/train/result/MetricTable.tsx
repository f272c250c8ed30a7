// Figures with their intervals: the trained model beside what it began from and, of two classes, beside size alone.
import type { FigureRow } from '../../../state/reportRows.ts'

interface MetricTableProps {
  readonly rows: readonly FigureRow[]
  readonly label: string
}

export function MetricTable({ rows, label }: MetricTableProps) {
  const hasStart = rows.some(({ before }) => before !== null)
  const hasSize = rows.some(({ size }) => size !== null)
  return (
    <table className="metric-table figures" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">95 % intervals</th>
          <th scope="col">Trained</th>
          {hasStart && <th scope="col">Start model</th>}
          {hasSize && <th scope="col">Size alone</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, unit, after, before, size }) => (
          <tr key={name}>
            <th scope="row">
              {name}
              {unit && <span className="secondary">, {unit}</span>}
            </th>
            <FigureCell figure={after} digits={unit === '%' ? 0 : 2} />
            {hasStart && <FigureCell figure={before} digits={unit === '%' ? 0 : 2} />}
            {hasSize && <FigureCell figure={size} digits={unit === '%' ? 0 : 2} />}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function FigureCell({ figure, digits }: { figure: FigureRow['after']; digits: number }) {
  if (!figure) return <td className="secondary">—</td>
  const text = (value: number) => value.toFixed(digits).replace('-', '−')
  return (
    <td>
      {text(figure.value)}
      {figure.interval && (
        <span className="secondary interval">
          {' '}
          [{text(figure.interval[0])}, {text(figure.interval[1])}]
        </span>
      )}
    </td>
  )
}
