// The page: bars, panels and the viewer's place. Files may be dropped anywhere.
import { useEffect, useRef, useState } from 'react'
import type { DragEvent } from 'react'
import type { HeldArrays } from '../worker/heldArrays.ts'
import { CasePanel } from './case/CasePanel.tsx'
import { Landing } from './case/Landing.tsx'
import { OpeningNotice } from './case/OpeningNotice.tsx'
import { SeriesDialog } from './case/SeriesDialog.tsx'
import { ComputerDialog } from './ComputerDialog.tsx'
import { FindingsPanel } from './findings/FindingsPanel.tsx'
import { HelpDialog } from './HelpDialog.tsx'
import { LabPanel } from './lab/LabPanel.tsx'
import { TourCard } from './lab/TourCard.tsx'
import { AddModelDialog } from './models/AddModelDialog.tsx'
import { ModelsDialog } from './models/ModelsDialog.tsx'
import { fromDrop } from './pickFiles.ts'
import { StatusBar } from './StatusBar.tsx'
import { TopBar } from './TopBar.tsx'
import { RunStage, StageBar } from './train/RunStage.tsx'
import { TrainPanel } from './train/TrainPanel.tsx'
import { useKeyboard } from './useKeyboard.ts'
import { useWorkbench, useWorkbenchStore } from './useWorkbench.ts'
import type { CtViewer } from './viewer/ctViewer.ts'
import { ViewerPane } from './viewer/ViewerPane.tsx'

export function App({ held }: { held: HeldArrays }) {
  const openCase = useWorkbench(state => state.openCase)
  const isCasePanelOpen = useWorkbench(state => state.isCasePanelOpen)
  const mode = useWorkbench(state => state.mode)
  const [isHelpOpen, setHelpOpen] = useState(false)
  const [isComputerOpen, setComputerOpen] = useState(false)
  const [isModelsOpen, setModelsOpen] = useState(false)
  const viewer = useRef<CtViewer | null>(null)
  const { isDropping, handlers } = useDropAnywhere()
  useKeyboard(viewer, () => setHelpOpen(true))
  useEffect(() => {
    document.title = openCase ? `${openCase.title} — SMARTFormer Workbench` : 'SMARTFormer Workbench'
  }, [openCase])

  const isTraining = mode === 'train'
  const panels =
    openCase && isCasePanelOpen ? 'app with-both' : openCase || isTraining ? 'app with-right' : 'app'
  return (
    <div className={panels} {...handlers}>
      <TopBar onHelp={() => setHelpOpen(true)} onModels={() => setModelsOpen(true)} />
      {openCase && isCasePanelOpen && <CasePanel />}
      <main className="stage" aria-label="Viewer">
        {openCase ? (
          <ViewerPane held={held} viewer={viewer} bar={isTraining && <StageBar />} />
        ) : (
          !isTraining && <Landing />
        )}
        {isTraining && <RunStage />}
        <OpeningNotice />
        <TourCard />
      </main>
      {openCase && mode === 'read' && <FindingsPanel />}
      {openCase && mode === 'explore' && <LabPanel viewer={viewer} />}
      {isTraining && <TrainPanel />}
      <StatusBar onComputer={() => setComputerOpen(true)} />
      <SeriesDialog />
      <HelpDialog isOpen={isHelpOpen} onOpenChange={setHelpOpen} />
      <ComputerDialog isOpen={isComputerOpen} onOpenChange={setComputerOpen} />
      <ModelsDialog isOpen={isModelsOpen} onOpenChange={setModelsOpen} />
      <AddModelDialog />
      {isDropping && <div className="drop-veil">Drop to open: a scan’s files, folder or zip, or a model</div>}
    </div>
  )
}

function useDropAnywhere() {
  const store = useWorkbenchStore()
  const [depth, setDepth] = useState(0)
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')
  const handlers = {
    onDragEnter(event: DragEvent) {
      if (!hasFiles(event)) return
      event.preventDefault()
      setDepth(value => value + 1)
    },
    onDragLeave(event: DragEvent) {
      if (hasFiles(event)) setDepth(value => Math.max(0, value - 1))
    },
    onDragOver(event: DragEvent) {
      if (hasFiles(event)) event.preventDefault()
    },
    onDrop(event: DragEvent) {
      if (!hasFiles(event)) return
      event.preventDefault()
      setDepth(0)
      const isLabelled = (event.target as Element).closest('[data-drop="labelled"]') !== null
      void fromDrop(event.dataTransfer).then(async ({ files, title }) => {
        const { offerModelFiles, openFiles, openLabelledFiles } = store.getState()
        if (isLabelled) await openLabelledFiles(files)
        else if (!(await offerModelFiles(files, title))) await openFiles(files, title)
      })
    },
  }
  return { isDropping: depth > 0, handlers }
}
