// The right panel: analyse the open scan and read through what was found.
import { Download, Redo2, Undo2 } from 'lucide-react'
import { Button } from 'react-aria-components'
import { Failed } from '../Failed.tsx'
import { formatSeconds } from '../format.ts'
import { Hint } from '../Hint.tsx'
import { isOfAnotherModel } from '../../state/predictionSlice.ts'
import { ModelBadge } from '../ModelBadge.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { AnalyseBox } from './AnalyseBox.tsx'
import { FindingRow } from './FindingRow.tsx'
import { OverlayControls } from './OverlayControls.tsx'

export function FindingsPanel() {
  const prediction = useWorkbench(state => state.prediction)
  return (
    <aside className="panel findings-panel" aria-label="Findings">
      <AnalyseBox />
      {prediction.kind === 'failed' && <Failed failure={prediction.failure} />}
      {prediction.kind === 'none' && (
        <p className="empty">
          Findings appear here after the analysis: place, size, texture and the probabilities of the model’s
          classes for each nodule. Keep scrolling while it runs.
        </p>
      )}
      {prediction.kind === 'done' && <Results />}
    </aside>
  )
}

function Results() {
  const prediction = useWorkbench(state => state.prediction)
  const verdicts = useWorkbench(state => state.verdicts)
  const selected = useWorkbench(state => state.selectedFinding)
  if (prediction.kind !== 'done') return null
  const { file, seconds } = prediction.summary
  const { findings, warnings } = file
  const isEmpty = findings.length === 0
  return (
    <>
      <div className="list-head">
        <h2>{isEmpty ? 'No nodule found' : countFindings(findings.length)}</h2>
        <span className="secondary figures">{formatSeconds(seconds)}</span>
        <span className="top-space" />
        <UndoButtons />
      </div>
      <WhoMadeThem />
      <div className="findings-scroll">
        {warnings.map(warning => (
          <p key={warning} className="warning">
            {warning}
          </p>
        ))}
        {isEmpty ? (
          <p className="empty">
            The model marked nothing above its threshold in this scan. That is its result, not proof that
            there is no nodule: read the scan.
          </p>
        ) : (
          <ol className="findings" aria-label="Findings">
            {findings.map((finding, index) => (
              <FindingRow
                key={finding.id}
                finding={finding}
                index={index}
                verdict={verdicts[finding.id]}
                isSelected={finding.id === selected}
              />
            ))}
          </ol>
        )}
        <p className="secondary small-print">
          A class is the model’s probability, not a diagnosis. {file.model.name} {file.model.version},
          identity <span className="figures">{file.model.sha256.slice(0, 12)}</span>, on {file.device}.
        </p>
      </div>
      {!isEmpty && <OverlayControls />}
      <Exports />
    </>
  )
}

/** Findings of an own model, or of another one than is chosen now, say so above the list. */
function WhoMadeThem() {
  const prediction = useWorkbench(state => state.prediction)
  const isOther = useWorkbench(isOfAnotherModel)
  if (prediction.kind !== 'done') return null
  const { model } = prediction.summary
  if (!isOther && !model.isOwn) return null
  return (
    <p className="secondary" role="status">
      Made by <ModelBadge model={model} what="The model that made these findings" />
      {isOther && ' — not by the model that is chosen now. They stay until the scan is analysed again.'}
    </p>
  )
}

function countFindings(count: number): string {
  return count === 1 ? '1 finding' : `${count} findings`
}

function UndoButtons() {
  const undo = useWorkbench(state => state.undo)
  const redo = useWorkbench(state => state.redo)
  const canUndo = useWorkbench(state => state.past.length > 0)
  const canRedo = useWorkbench(state => state.future.length > 0)
  return (
    <>
      <Hint text="Undo (Ctrl+Z)">
        <Button className="icon-button" aria-label="Undo" isDisabled={!canUndo} onPress={undo}>
          <Undo2 size={15} />
        </Button>
      </Hint>
      <Hint text="Redo (Ctrl+Shift+Z)">
        <Button className="icon-button" aria-label="Redo" isDisabled={!canRedo} onPress={redo}>
          <Redo2 size={15} />
        </Button>
      </Hint>
    </>
  )
}

function Exports() {
  const saveFindings = useWorkbench(state => state.saveFindings)
  const saveSegmentation = useWorkbench(state => state.saveSegmentation)
  return (
    <div className="exports">
      <Button className="button small" onPress={saveFindings}>
        <Download size={14} aria-hidden /> findings.json
      </Button>
      <Button className="button small" onPress={() => void saveSegmentation()}>
        <Download size={14} aria-hidden /> segmentation.nii.gz
      </Button>
    </div>
  )
}
