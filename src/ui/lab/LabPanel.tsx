// The attention lab: the mode's panel. Sections fold; a new one is a component in this list.
import { Compass } from 'lucide-react'
import { useEffect } from 'react'
import type { RefObject } from 'react'
import { Button } from 'react-aria-components'
import { openLabNetwork } from '../../state/labSlice.ts'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
import type { CtViewer } from '../viewer/ctViewer.ts'
import { AttentionSection } from './AttentionSection.tsx'
import { FeaturesSection } from './FeaturesSection.tsx'
import { HeadsSection } from './HeadsSection.tsx'
import { LabSection } from './LabSection.tsx'
import { MaskSection } from './MaskSection.tsx'
import { ModelSection } from './ModelSection.tsx'
import { ReconstructionSection } from './ReconstructionSection.tsx'
import { RegionSection } from './RegionSection.tsx'
import { TakeAwaySection } from './TakeAwaySection.tsx'
import { WindowSection } from './WindowSection.tsx'

export function LabPanel({ viewer }: { viewer: RefObject<CtViewer | null> }) {
  const store = useWorkbenchStore()
  const isPlaceless = useWorkbench(
    state => openLabNetwork(state) !== undefined && !state.labCrop && state.crosshairRasMm !== null,
  )
  useEffect(() => {
    void store.getState().enterLab()
  }, [store])
  useEffect(() => {
    // And looks where the reader looks: the lab is never empty.
    if (isPlaceless) store.getState().placeFirstLabCrop()
  }, [store, isPlaceless])
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
      <LabSection title="Masks" isOpenAtFirst>
        <MaskSection />
      </LabSection>
      <LabSection title="Reconstruction">
        <ReconstructionSection />
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
      <LabSection title="Take away and restore">
        <TakeAwaySection viewer={viewer} />
      </LabSection>
      <div className="lab-foot">
        <Button className="button small" onPress={() => void store.getState().startTour()}>
          <Compass size={14} aria-hidden /> Guided tour
        </Button>
        <span className="secondary">Masked image modelling in six steps</span>
      </div>
    </aside>
  )
}
