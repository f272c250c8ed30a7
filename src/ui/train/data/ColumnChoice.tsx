// Which column of the table says what: guessed at first, changed here.
import type { LabelTableInfo } from '../../../worker/labelledProtocol.ts'
import { Choice } from '../../lab/Choice.tsx'
import { useWorkbench } from '../../useWorkbench.ts'

const NONE = ' none'

export function ColumnChoice({ table }: { table: LabelTableInfo }) {
  const reopen = useWorkbench(state => state.reopenLabelled)
  const { columns, chosen } = table
  const change = (role: 'label' | 'patient', name: string) => {
    const columnsByRole = { ...chosen, [role]: name === NONE ? null : name }
    void reopen({ table: table.file, columns: columnsByRole })
  }
  const all = columns.map(({ name, distinct }) => ({ id: name, name: `${name} (${distinct} values)` }))
  const labels = columns
    .filter(({ canBeLabel }) => canBeLabel)
    .map(({ name, distinct }) => ({ id: name, name: `${name} (${distinct} values)` }))
  return (
    <>
      <Choice
        label="Label"
        value={chosen.label ?? NONE}
        options={[...labels, { id: NONE, name: 'None: masks only' }]}
        onChange={name => change('label', name)}
      />
      <Choice
        label="Patient"
        value={chosen.patient ?? NONE}
        options={[...all, { id: NONE, name: 'Each case is a patient' }]}
        onChange={name => change('patient', name)}
      />
    </>
  )
}
