// Case, model and device, the notice that never goes away, help.
import { CircleHelp, PanelLeft } from 'lucide-react'
import { Button } from 'react-aria-components'
import { MODES } from '../state/viewSlice.ts'
import { Hint } from './Hint.tsx'
import { ModelBadge } from './ModelBadge.tsx'
import { OptionRow } from './OptionRow.tsx'
import { useWorkbench } from './useWorkbench.ts'

export function TopBar({ onHelp, onModels }: { onHelp: () => void; onModels: () => void }) {
  const openCase = useWorkbench(state => state.openCase)
  const compute = useWorkbench(state => state.compute)
  const isPanelOpen = useWorkbench(state => state.isCasePanelOpen)
  const togglePanel = useWorkbench(state => state.toggleCasePanel)
  const model = compute.kind === 'ready' ? compute.model : null
  return (
    <header className="top-bar">
      {openCase && (
        <Hint text={isPanelOpen ? 'Hide the case panel' : 'Show the case panel'}>
          <Button
            className="icon-button"
            aria-label="Case panel"
            aria-expanded={isPanelOpen}
            onPress={togglePanel}
          >
            <PanelLeft size={16} />
          </Button>
        </Hint>
      )}
      <h1 className="case-name">{openCase ? openCase.title : 'SMARTFormer Workbench'}</h1>
      {openCase?.series.synthetic && <span className="badge badge-synthetic">SYNTHETIC</span>}
      <ModeSwitch />
      <span className="top-space" />
      {model && (
        <Hint text="Models: the one that analyses, others, your own">
          <Button
            className="badge-button"
            aria-label={`Models; ${model.isOwn ? 'own model ' : ''}${model.title} ${model.version} analyses`}
            onPress={onModels}
          >
            <ModelBadge model={model} what="The model that analyses" />
          </Button>
        </Hint>
      )}
      <span className="notice">Research use — not for clinical use</span>
      <Hint text="Keys and mouse (?)">
        <Button className="icon-button" aria-label="Keys and mouse" onPress={onHelp}>
          <CircleHelp size={16} />
        </Button>
      </Hint>
    </header>
  )
}

function ModeSwitch() {
  const mode = useWorkbench(state => state.mode)
  const setMode = useWorkbench(state => state.setMode)
  return <OptionRow className="mode-switch" name="Mode" value={mode} options={MODES} set={setMode} />
}
