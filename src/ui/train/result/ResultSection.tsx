// The result in the panel: the verdict, the figures that matter most, and what becomes of the model.
import { useState } from 'react'
import { Button, Input, Label, TextField } from 'react-aria-components'
import { Failed } from '../../Failed.tsx'
import { Progress } from '../../Progress.tsx'
import { useWorkbench } from '../../useWorkbench.ts'
import { classRows, headlinesOf, maskRows } from '../../../state/reportRows.ts'
import { isSameModel } from '../../../state/modelsSlice.ts'
import type { Workbench } from '../../../state/store.ts'
import type { ValidationReport } from '../../../worker/finetuneProtocol.ts'
import { MetricTable } from './MetricTable.tsx'

export function ResultSection() {
  const state = useWorkbench(one => one.finetuneReport)
  if (state.kind === 'failed') return <Failed failure={state.failure} />
  if (state.kind === 'running') return <Progress {...state.progress} />
  if (state.kind === 'none')
    return (
      <p className="secondary">
        When a run has ended, here is whether it is better: on cases that it has not seen, beside the start
        model and, where there are two classes, beside size alone.
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
  const [name, setName] = useState(suggestion)
  const [version, setVersion] = useState('1.0.0')
  if (kept.kind === 'done') return <Kept />
  return (
    <form
      className="train-form"
      aria-label="Keep as a model"
      onSubmit={event => {
        event.preventDefault()
        void keep(name, version)
      }}
    >
      <TextField className="form-row" value={name} onChange={setName} isRequired>
        <Label>Name</Label>
        <Input className="text-input" />
      </TextField>
      <TextField className="form-row" value={version} onChange={setVersion} isRequired>
        <Label>Version</Label>
        <Input className="text-input" />
      </TextField>
      {kept.kind === 'failed' && <Failed failure={kept.failure} />}
      <Button type="submit" className="button primary" isDisabled={kept.kind === 'running'}>
        {kept.kind === 'running' ? 'Keeping …' : 'Keep as a model'}
      </Button>
    </form>
  )
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
      <p role="status">
        Kept as {kept.entry.name} {kept.entry.version}{' '}
        <span className="secondary figures" data-testid="kept-identity">
          {kept.entry.identity?.slice(0, 12)}
        </span>
        . It is a model of its own: its name stands beside everything that it says.
      </p>
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
