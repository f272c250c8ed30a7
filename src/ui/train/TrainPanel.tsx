// Training: the mode's panel. Sections fold; a new one is an entry of this list.
import { useEffect } from 'react'
import type { ComponentType } from 'react'
import { LabSection } from '../lab/LabSection.tsx'
import { isElsewhere } from '../../state/runsSlice.ts'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
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

/** How often the list is read while another tab writes one of its runs, ms. */
const LOOK_EVERY_MS = 5000

/** Other tabs begin, train and delete runs: the list follows when this page is looked at, and while they train. */
function useOtherTabs() {
  const follow = useWorkbench(state => state.followOtherTabs)
  const areOthersBusy = useWorkbench(state => state.runs.some(run => isElsewhere(state, run)))
  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && void follow()
    document.addEventListener('visibilitychange', look)
    window.addEventListener('focus', look)
    const timer = areOthersBusy ? setInterval(look, LOOK_EVERY_MS) : undefined
    return () => {
      document.removeEventListener('visibilitychange', look)
      window.removeEventListener('focus', look)
      clearInterval(timer)
    }
  }, [follow, areOthersBusy])
}

export function TrainPanel() {
  const store = useWorkbenchStore()
  const made = useStaggered(TRAIN_SECTIONS.length)
  useEffect(() => {
    void store.getState().enterTraining()
    // What was deleted can be taken back as long as the panel shows it.
    return () => void store.getState().settleDelete()
  }, [store])
  useOtherTabs()
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
