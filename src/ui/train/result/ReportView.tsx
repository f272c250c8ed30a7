// The result of a fine-tuning run in the stage: is it better, by what, where it is wrong; with and without the cases that the
// readers could not decide. Every chart can be taken away.
import { Download } from 'lucide-react'
import { Button } from 'react-aria-components'
import { headlinesOf, verdictsOf } from '../../../state/reportRows.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { ClassResult } from './ClassResult.tsx'
import { MaskResult } from './MaskResult.tsx'
import { WorstCases } from './WorstCases.tsx'

export function ReportView() {
  const state = useWorkbench(one => one.finetuneReport)
  const save = useWorkbench(one => one.saveFinetuneReport)
  if (state.kind !== 'done') return null
  const { report, pairs } = state
  const { data, how } = report.compared
  return (
    <section className="train-report" aria-label="Result">
      <h2>Is it better?</h2>
      <p className="verdict-sentence" data-testid="finetune-verdict">
        {headlinesOf(report).join(' ')}
      </p>
      {verdictsOf(report).map(sentence => (
        <p key={sentence}>{sentence}</p>
      ))}
      <p className="secondary">
        {data}; {how}.
      </p>
      {report.remarks.map(remark => (
        <p key={remark} className="secondary">
          {remark}
        </p>
      ))}
      {report.kind === 'classes' ? <ClassResult report={report} /> : <MaskResult {...{ report, pairs }} />}
      <WorstCases report={report} />
      <div className="export-row">
        <Button className="button small" onPress={() => save('json')}>
          <Download size={13} aria-hidden /> JSON
        </Button>
        <Button className="button small" onPress={() => save('csv')}>
          <Download size={13} aria-hidden /> CSV
        </Button>
        <span className="secondary">Research use — not for clinical use</span>
      </div>
    </section>
  )
}
