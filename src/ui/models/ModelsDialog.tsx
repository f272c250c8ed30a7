// The models above the page: also where no scan is open.
import { ModelsSection } from './ModelsSection.tsx'
import { ReadingDialog, type Openness } from '../ReadingDialog.tsx'

export function ModelsDialog(openness: Openness) {
  return (
    <ReadingDialog title="Models of this browser" isWide {...openness}>
      <ModelsSection />
    </ReadingDialog>
  )
}
