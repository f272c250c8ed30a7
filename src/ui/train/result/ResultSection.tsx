// The result in the panel: the verdict, the figures that matter most, and what becomes of the model.
import { Button } from 'react-aria-components'
import { Failed } from '../../Failed.tsx'
import { Progress } from '../../Progress.tsx'
import { useWorkbench } from '../../useWorkbench.ts'
import { classRows, headlinesOf, maskRows } from '../../../state/reportRows.ts'
import { shownPretraining } from '../../../state/pretrainResultSlice.ts'
import { isSameModel } from '../../../state/modelsSlice.ts'
import type { Workbench } from '../../../state/store.ts'
import type { ValidationReport } from '../../../worker/finetuneProtocol.ts'
import { KeepForm, KeptName } from './KeepForm.tsx'
import { MetricTable } from './MetricTable.tsx'
import { PretrainResult } from './PretrainResult.tsx'

export function ResultSection() {
  const pretraining = useWorkbench(shownPretraining)
  return pretraining ? <PretrainResult run={pretraining} /> : <FinetuneResult />
}

function FinetuneResult() {
  const state = useWorkbench(one => one.finetuneReport)
  if (state.kind === 'failed') return <Failed failure={state.failure} />
  if (state.kind === 'running') return <Progress {...state.progress} />
  if (state.kind === 'none')
    return (
      <p className="secondary">
        When a run has ended, here is whether it is better: on cases that it has not seen, beside the start
        model and, where there are two classes, beside size alone. What a pretraining has learnt can be kept
        here as a model.
      </p>
    )
  return (
    <div className="train-result">
      {headlinesOf(state.report).map(sentence => (
        <p key={sentence} className="verdict-sentence">
          {sentence}
        </p>
      ))}
      <p className="secondary figures" data-testid="finetune-weights">
        Weights {state.weights.slice(0, 12)}
      </p>
      <Headline report={state.report} />
      <KeepModel />
    </div>
  )
}

/** The first rows of the figures; all of them are in the stage. */
const HEADLINE_ROWS = 3

function Headline({ report }: { report: ValidationReport }) {
  const all =
    report.kind === 'classes'
      ? report.sets[0]
        ? classRows(report.sets[0], report.classes)
        : []
      : maskRows(report)
  return <MetricTable rows={all.slice(0, HEADLINE_ROWS)} label="Headline figures" />
}

/** Lower case and short, as model folders are called. */
function suggestedName({ finetuneReport }: Workbench): string {
  if (finetuneReport.kind !== 'done') return 'mine'
  const { task, method } = finetuneReport.settings
  return `my-${task}-${method}`
}

function KeepModel() {
  const kept = useWorkbench(state => state.keptModel)
  const suggestion = useWorkbench(suggestedName)
  const keep = useWorkbench(state => state.keepAsModel)
  if (kept.kind === 'done') return <Kept />
  return <KeepForm kept={kept} suggestion={suggestion} keep={keep} />
}

function isKeptModelUsed({ keptModel, chosenModel }: Workbench): boolean {
  return keptModel.kind === 'done' && isSameModel(chosenModel, keptModel.entry.source)
}

function Kept() {
  const kept = useWorkbench(state => state.keptModel)
  const isUsed = useWorkbench(isKeptModelUsed)
  const use = useWorkbench(state => state.useKeptModel)
  const back = useWorkbench(state => state.backToStartModel)
  if (kept.kind !== 'done') return null
  return (
    <>
      <KeptName entry={kept.entry}>
        It is a model of its own: its name stands beside everything that it says.
      </KeptName>
      <div className="export-row">
        {isUsed ? (
          <Button className="button" onPress={back}>
            Back to the start model
          </Button>
        ) : (
          <Button className="button primary" onPress={use}>
            Use it now
          </Button>
        )}
      </div>
    </>
  )
}
