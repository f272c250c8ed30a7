// Setting up a run: what is learnt, from which model, how. One recommended set-up starts with one click; everything else is
// under Advanced.
import { Button } from 'react-aria-components'
import { isLive } from '../../../state/liveRunSlice.ts'
import { asksToKeepBoxes, boxBytes } from '../../../state/finetuneStarting.ts'
import { describeFollowing, lookedPlace } from '../../../state/followedScan.ts'
import { startsOf } from '../../../state/finetuneStarts.ts'
import { openLabelledData } from '../../../state/labelledSlice.ts'
import type { FinetuneMethod, FinetuneSettings } from '../../../worker/finetuneProtocol.ts'
import { Failed } from '../../Failed.tsx'
import { formatMegabytes } from '../../format.ts'
import { Choice } from '../../lab/Choice.tsx'
import { OptionRow } from '../../OptionRow.tsx'
import { Progress } from '../../Progress.tsx'
import { KeepChoice } from '../KeepChoice.tsx'
import { useWorkbench } from '../../useWorkbench.ts'
import { Fold } from '../Fold.tsx'
import { AdvancedFields } from './AdvancedFields.tsx'
import { AugmentFields } from './AugmentFields.tsx'
import { Forecast } from './Forecast.tsx'
import { METHODS, methodsOf, TASKS } from './methodWords.ts'

export function SetUpSection() {
  const data = useWorkbench(openLabelledData)
  if (!data)
    return (
      <p className="secondary">
        Open labelled data first: the recommendation depends on how many cases of which classes there are.
      </p>
    )
  return (
    <div className="train-form">
      <TaskChoice />
      <StartChoice />
      <Recommended />
    </div>
  )
}

function TaskChoice() {
  const task = useWorkbench(state => state.finetuneTask)
  const choose = useWorkbench(state => state.chooseFinetuneTask)
  const problems = useWorkbench(state => openLabelledData(state)?.problems[state.finetuneTask])
  return (
    <>
      <OptionRow isWrapping name="Task" value={task} options={TASKS} set={choose} />
      <p className="secondary">{TASKS.find(({ id }) => id === task)?.says}</p>
      {problems?.map(problem => (
        <p key={problem} className="warning" role="alert">
          {problem}
        </p>
      ))}
    </>
  )
}

function StartChoice() {
  const models = useWorkbench(state => state.models)
  const start = useWorkbench(state => state.finetuneStart)
  const choose = useWorkbench(state => state.chooseFinetuneStart)
  return <Choice label="Start" value={start} options={startsOf(models)} onChange={choose} />
}

function Recommended() {
  const recommendation = useWorkbench(state => state.recommendation)
  const settings = useWorkbench(state => state.finetuneSettings)
  const problems = useWorkbench(state => openLabelledData(state)?.problems[state.finetuneTask])
  if (problems && problems.length > 0) return null
  if (recommendation.kind === 'failed') return <Failed failure={recommendation.failure} />
  // A set-up that is there stays while another one is thought about.
  if (!settings) return recommendation.kind === 'running' ? <Progress {...recommendation.progress} /> : null
  const reasons = recommendation.kind === 'done' ? recommendation.reasons : []
  return (
    <>
      <Card settings={settings} reasons={reasons} />
      <Fold title="Advanced">
        <MethodChoice method={settings.method} />
        <AdvancedFields settings={settings} />
      </Fold>
      {settings.method !== 'probe' && (
        <Fold title="Augmentation">
          <AugmentFields options={settings.augment} />
        </Fold>
      )}
    </>
  )
}

interface CardProps {
  readonly settings: FinetuneSettings
  readonly reasons: readonly string[]
}

/** What will be done in a line, why, what it will cost, and the one button. */
function Card({ settings, reasons }: CardProps) {
  const isRecommended = useWorkbench(state => state.recommendedSettings === state.finetuneSettings)
  const useRecommended = useWorkbench(state => state.useRecommended)
  const start = useWorkbench(state => state.startFinetuning)
  const cancel = useWorkbench(state => state.cancelPreparing)
  const preparing = useWorkbench(state => state.finetunePreparing)
  const isBusy = useWorkbench(isLive)
  const canStart = useWorkbench(
    state =>
      state.finetuneForecast.kind === 'done' &&
      state.finetuneForecast.forecast.problems.length === 0 &&
      !(asksToKeepBoxes(state) && state.finetuneKeeps === null),
  )
  return (
    <div className="recommendation" role="group" aria-label="Set-up">
      <h3>{isRecommended ? 'Recommended' : 'Your own set-up'}</h3>
      <p>{describeSettings(settings)}</p>
      {isRecommended && (
        <ul className="secondary">
          {reasons.map(reason => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <Forecast />
      <Followed />
      <KeepBoxes />
      {preparing.kind === 'failed' && <Failed failure={preparing.failure} />}
      {preparing.kind === 'running' ? (
        <div className="lab-running">
          <Progress {...preparing.progress} />
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </div>
      ) : (
        <div className="export-row">
          <Button className="button primary" isDisabled={isBusy || !canStart} onPress={() => void start()}>
            Train
          </Button>
          {!isRecommended && (
            <Button className="button" onPress={useRecommended}>
              Back to the recommendation
            </Button>
          )}
        </div>
      )}
      {isBusy && <p className="secondary">A run is in progress: one at a time.</p>}
    </div>
  )
}

/** What is seen of the open scan while the run goes on. */
function Followed() {
  const sentence = useWorkbench(describeFollowing)
  return <p className="secondary">{sentence}</p>
}

/** Asked of cases of patients; nothing is kept without an answer. */
function KeepBoxes() {
  const isAsked = useWorkbench(asksToKeepBoxes)
  const keeps = useWorkbench(state => state.finetuneKeeps)
  const choose = useWorkbench(state => state.chooseFinetuneKeeps)
  const bytes = useWorkbench(boxBytes)
  const isFollowed = useWorkbench(state => lookedPlace(state)?.isAsked ?? false)
  if (!isAsked) return null
  return (
    <KeepChoice
      keeps={keeps}
      onChange={choose}
      question="When the run goes on after a reload, it needs its cases again:"
      keep={`Keep a box around each lesion${isFollowed ? ', and the place of the open scan that is shown,' : ''} in this browser: voxels and outlines only, no name, ${formatMegabytes(bytes)}; deleted with the run`}
      ask="Keep none: the same labelled data is opened again first; it is recognised by its content"
    />
  )
}

function describeSettings({ method, epochs, validation, labelShare }: FinetuneSettings): string {
  const name = METHODS.find(({ id }) => id === method)?.name ?? method
  const judged =
    validation.kind === 'folds'
      ? `judged in ${validation.folds} folds by patient`
      : `judged on ${Math.round(validation.test * 100)} % of the patients, kept apart`
  const share = labelShare < 1 ? `, ${labelShare * 100} % of the labels` : ''
  const passes = method === 'probe' ? '' : `, ${epochs} epoch${epochs === 1 ? '' : 's'}`
  return `${name}${passes}${share}, ${judged}.`
}

function MethodChoice({ method }: { method: FinetuneMethod }) {
  const task = useWorkbench(state => state.finetuneTask)
  const choose = useWorkbench(state => state.chooseFinetuneMethod)
  return (
    <>
      <OptionRow isWrapping name="Method" value={method} options={methodsOf(task)} set={choose} />
      <p className="secondary">{METHODS.find(({ id }) => id === method)?.says}</p>
    </>
  )
}
