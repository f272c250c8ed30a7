// A fine-tuning run that keeps none of its cases goes on with those that are open.
import { InputError } from '../base/errors.ts'
import type { RunOptions } from '../worker/client.ts'
import type { CropSet } from '../worker/labelledProtocol.ts'
import type { RunEvent, RunSummary } from '../worker/trainProtocol.ts'
import { openLabelledData } from './labelledSlice.ts'
import type { Services, Workbench } from './store.ts'

/** The boxes of a run that keeps none, from the labelled data that is open. @throws InputError when none is. */
export async function cutAgain(
  { workers, held }: Services,
  state: Workbench,
  { id, missingBoxes }: RunSummary,
  { signal, onProgress }: RunOptions<RunEvent>,
): Promise<CropSet | null> {
  if (!missingBoxes) return null
  const data = openLabelledData(state)
  if (!data)
    throw new InputError(
      'This run keeps no copy of its cases. Open the same labelled data as when it was begun, under Labelled data, then continue it.',
    )
  const { shape, spacingMm, networkShape } = missingBoxes
  const { crops } = await workers.volume.run(
    'prepareCrops',
    { cohortId: data.cohortId, shape, spacingMm },
    { signal, onProgress: progress => onProgress?.({ kind: 'stage', ...progress }) },
  )
  // For pictures of what the run says of them.
  held.training.crops = { crops, shape: networkShape, runId: id }
  return crops
}
