// Labelled data of Train mode: where it comes from, and what is known of it.
import { Button } from 'react-aria-components'
import { Failed } from '../../Failed.tsx'
import { Progress } from '../../Progress.tsx'
import { useWorkbench } from '../../useWorkbench.ts'
import { CohortFacts } from './CohortFacts.tsx'
import { DataSources } from './DataSources.tsx'

export function DataSection() {
  const labelled = useWorkbench(state => state.labelled)
  const cancel = useWorkbench(state => state.cancelLabelled)
  return (
    <div className="train-data" data-drop="labelled">
      {labelled.kind === 'running' && (
        <div className="lab-running">
          <Progress {...labelled.progress} unit={labelled.progress.total > 1 ? 'cases' : undefined} />
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </div>
      )}
      {labelled.kind === 'failed' && <Failed failure={labelled.failure} />}
      {labelled.kind === 'done' ? <CohortFacts data={labelled.data} /> : <Purpose />}
      {labelled.kind !== 'running' && <DataSources />}
    </div>
  )
}

function Purpose() {
  return (
    <p className="empty">
      Drop a folder or zip of labelled lesions here: volumes with masks (X.nii.gz with X_mask.nii.gz, or label
      maps), a CSV of labels (id, label, …), DICOM with SEG or RTSTRUCT, or LIDC XML. Some twenty lesions are
      enough to begin with.
    </p>
  )
}
