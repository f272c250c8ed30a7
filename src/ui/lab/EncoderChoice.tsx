// Whose encoder a view looks into: every network of the lab's model, its teacher, and their untrained twins.
import { useEffect } from 'react'
import { defaultEncoder, encoderTitle } from '../../state/headsSlice.ts'
import type { EncoderChoice as Encoder } from '../../worker/insightProtocol.ts'
import { capitalise } from '../format.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { Choice } from './Choice.tsx'

const idOf = ({ task, role }: Encoder): string => `${task} ${role}`

interface EncoderChoiceProps {
  readonly value: Encoder | undefined
  readonly onChange: (encoder: Encoder) => void
  readonly isDisabled?: boolean
}

export function EncoderChoice({ value, onChange, isDisabled }: EncoderChoiceProps) {
  const encoders = useWorkbench(state => state.encoders)
  if (!encoders || !value) return null
  const hasTeacher = (task: Encoder['task']) =>
    encoders.some(one => one.task === task && one.role === 'teacher')
  const options = encoders.map(one => ({
    id: idOf(one),
    name: capitalise(encoderTitle(one, hasTeacher(one.task))),
  }))
  const choose = (id: string) => {
    const found = encoders.find(one => idOf(one) === id)
    if (found) onChange({ task: found.task, role: found.role })
  }
  return (
    <Choice label="Encoder" value={idOf(value)} options={options} onChange={choose} isDisabled={isDisabled} />
  )
}

/** Asks for the encoders of the lab's model whenever that is another one. */
export function useEncoders(): void {
  const labModel = useWorkbench(state => state.labModel)
  const ask = useWorkbench(state => state.askEncoders)
  useEffect(() => {
    if (labModel.kind === 'ready') void ask()
  }, [labModel, ask])
}

/** The encoder that was chosen, else the one that the lab looks into. */
export function useChosenEncoder(chosen: Encoder | null): Encoder | undefined {
  const labModel = useWorkbench(state => state.labModel)
  const labNetwork = useWorkbench(state => state.labNetwork)
  const labRole = useWorkbench(state => state.labRole)
  return chosen ?? defaultEncoder({ labModel, labNetwork, labRole })
}
