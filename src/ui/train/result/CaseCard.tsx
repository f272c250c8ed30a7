// Over the scan of a case that the model got wrong: what it said, what is true, and which outline is which.
import { useMemo } from 'react'
import { worstCasesOf } from '../../../state/worstCases.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { OutlineLegend } from './OutlineLegend.tsx'
import { useCaseName } from './WorstCases.tsx'

export function CaseCard() {
  const state = useWorkbench(one => one.worstCase)
  const caseId = useWorkbench(one => one.openCase?.id)
  if (state.kind !== 'open' || state.caseId !== caseId) return null
  return <Card {...state} />
}

interface CardProps {
  readonly at: number
  readonly hasTruth: boolean
  readonly hasOutline: boolean
  readonly isOutlineKnown: boolean
}

function Card({ at, hasTruth, hasOutline, isOutlineKnown }: CardProps) {
  const name = useCaseName(at)
  const result = useWorkbench(state => state.finetuneReport)
  const said = useMemo(
    () => (result.kind === 'done' ? worstCasesOf(result.report).find(one => one.at === at)?.said : undefined),
    [result, at],
  )
  const isOutlined = result.kind === 'done' && result.report.kind === 'masks'
  return (
    <section className="case-card" aria-label="The case">
      <p>
        <b className="case-id">{name}</b>
        {said && <span className="figures">: {said}</span>}
      </p>
      <OutlineLegend hasTruth={hasTruth} hasOutline={hasOutline} />
      {!hasTruth && <p className="secondary">This case has no mask.</p>}
      {isOutlined && !hasOutline && (
        <p className="secondary">
          {isOutlineKnown
            ? 'The model outlined nothing here.'
            : 'What the model outlined here was not kept with the run.'}
        </p>
      )}
    </section>
  )
}
