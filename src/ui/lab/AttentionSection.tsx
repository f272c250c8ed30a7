// Semantic attention: computed on demand, painted over the scan.
import { Button } from 'react-aria-components'
import { Failed } from '../Failed.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'

export function AttentionSection() {
  const attention = useWorkbench(state => state.attention)
  const crop = useWorkbench(state => state.labCrop)
  const compute = useWorkbench(state => state.computeAttention)
  const cancel = useWorkbench(state => state.cancelAttention)
  return (
    <>
      {attention.kind === 'running' ? (
        <>
          <Progress {...attention.progress} />
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </>
      ) : (
        <Button className="button primary" isDisabled={!crop} onPress={() => void compute()}>
          Compute the attention
        </Button>
      )}
      {attention.kind === 'failed' && <Failed failure={attention.failure} />}
    </>
  )
}
