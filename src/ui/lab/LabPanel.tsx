// The attention lab: the mode's panel. Sections fold; a new one is a component in this list.
import { useEffect } from 'react'
import { useWorkbenchStore } from '../useWorkbench.ts'
import { AttentionSection } from './AttentionSection.tsx'
import { FeaturesSection } from './FeaturesSection.tsx'
import { HeadsSection } from './HeadsSection.tsx'
import { LabSection } from './LabSection.tsx'
import { ModelSection } from './ModelSection.tsx'
import { RegionSection } from './RegionSection.tsx'
import { WindowSection } from './WindowSection.tsx'

export function LabPanel() {
  const store = useWorkbenchStore()
  useEffect(() => {
    // The first visit opens the shipped model and looks where the reader looks.
    const { labModel, labSource, openLabModel } = store.getState()
    if (labModel.kind === 'none') void openLabModel(labSource)
  }, [store])
  return (
    <aside className="panel lab-panel" aria-label="Attention lab">
      <LabSection title="Model" isOpenAtFirst>
        <ModelSection />
      </LabSection>
      <LabSection title="Region" isOpenAtFirst>
        <RegionSection />
      </LabSection>
      <LabSection title="Semantic attention" isOpenAtFirst>
        <AttentionSection />
      </LabSection>
      <LabSection title="Window attention">
        <WindowSection />
      </LabSection>
      <LabSection title="Head diversity">
        <HeadsSection />
      </LabSection>
      <LabSection title="Features without labels">
        <FeaturesSection />
      </LabSection>
    </aside>
  )
}
