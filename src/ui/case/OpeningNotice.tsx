// Opening a scan: progress with cancel, or why it failed. The open scan stays visible behind it.
import { Button } from 'react-aria-components'
import { Failed } from '../Failed.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'

export function OpeningNotice() {
  const opening = useWorkbench(state => state.opening)
  const hasCase = useWorkbench(state => state.openCase !== null)
  const cancel = useWorkbench(state => state.cancelOpening)
  const dismiss = useWorkbench(state => state.dismissOpening)
  if (opening.kind === 'reading')
    return (
      <section className="opening-notice" aria-label="Opening">
        <h2>Opening {opening.title}</h2>
        <Progress {...opening.progress} />
        <div className="row-end">
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </div>
      </section>
    )
  if (opening.kind === 'failed')
    return (
      <section className="opening-notice" aria-label="Not opened">
        <h2>{opening.title} was not opened</h2>
        <Failed failure={opening.failure} />
        {hasCase && <p className="secondary">The scan that was open is still open.</p>}
        <div className="row-end">
          <Button className="button small" onPress={dismiss}>
            Close
          </Button>
        </div>
      </section>
    )
  return null
}
