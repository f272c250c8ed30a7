// Training: the mode's panel. Sections fold; a new one is an entry of this list.
import { useEffect } from 'react'
import type { ComponentType } from 'react'
import { LabSection } from '../lab/LabSection.tsx'
import { useWorkbenchStore } from '../useWorkbench.ts'
import { DataSection } from './data/DataSection.tsx'
import { PretrainSection } from './PretrainSection.tsx'
import { ResultSection } from './result/ResultSection.tsx'
import { RunsSection } from './RunsSection.tsx'
import { SetUpSection } from './setup/SetUpSection.tsx'
import { useStaggered } from './Staggered.tsx'

interface TrainSection {
  readonly title: string
  readonly isOpenAtFirst?: boolean
  readonly Section: ComponentType
}

const TRAIN_SECTIONS: readonly TrainSection[] = [
  { title: 'Runs', isOpenAtFirst: true, Section: RunsSection },
  { title: 'Labelled data', isOpenAtFirst: true, Section: DataSection },
  { title: 'Fine-tune', isOpenAtFirst: true, Section: SetUpSection },
  { title: 'Result', isOpenAtFirst: true, Section: ResultSection },
  { title: 'Pretrain without labels', Section: PretrainSection },
]

export function TrainPanel() {
  const store = useWorkbenchStore()
  const made = useStaggered(TRAIN_SECTIONS.length)
  useEffect(() => {
    void store.getState().enterTraining()
    // What was deleted can be taken back as long as the panel shows it.
    return () => void store.getState().settleDelete()
  }, [store])
  return (
    <aside className="panel lab-panel" aria-label="Training">
      {TRAIN_SECTIONS.map(({ title, isOpenAtFirst, Section }, index) => (
        <LabSection key={title} title={title} isOpenAtFirst={isOpenAtFirst} isLazy>
          {index < made && <Section />}
        </LabSection>
      ))}
    </aside>
  )
}
