// How often each class was taken for which: rows are the truth, columns what the model said.
interface ConfusionTableProps {
  readonly classes: readonly string[]
  /** [truth][said] */
  readonly counts: readonly (readonly number[])[]
}

export function ConfusionTable({ classes, counts }: ConfusionTableProps) {
  const most = Math.max(1, ...counts.flat())
  return (
    <table className="confusion figures">
      <caption className="secondary">Rows: truth. Columns: what the model said.</caption>
      <thead>
        <tr>
          <th scope="col" aria-label="Truth" />
          {classes.map(name => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {classes.map((name, truth) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {counts[truth].map((count, said) => (
              <td
                key={classes[said]}
                className={said === truth ? 'right' : undefined}
                style={{ '--share': count / most } as React.CSSProperties}
              >
                {count}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
