// What a trained segmentation is worth: figures beside the start model, and Dice case by case.
import { maskRows } from '../../../state/reportRows.ts'
import type { DicePair, MaskReport } from '../../../worker/finetuneProtocol.ts'
import { caseNameOf } from '../../../state/worstCaseSlice.ts'
import { useWorkbench, useWorkbenchStore } from '../../useWorkbench.ts'
import { PairsChart } from '../charts/PairsChart.tsx'
import { Staggered } from '../Staggered.tsx'
import { ChartBlock } from './ChartBlock.tsx'
import { MetricTable } from './MetricTable.tsx'
import { ShareTable } from './ShareTable.tsx'

interface MaskResultProps {
  readonly report: MaskReport
  readonly pairs: readonly DicePair[]
}

export function MaskResult({ report, pairs }: MaskResultProps) {
  const look = useWorkbench(state => state.lookAtCase)
  const store = useWorkbenchStore()
  const { compared, notice, shares } = report
  return (
    <div className="result-grid">
      <Staggered>
        <section>
          <h3>Figures</h3>
          <MetricTable rows={maskRows(report)} label="Figures of the outlines" />
          <ShareTable shares={shares} figure="Dice" />
        </section>
        {pairs.length > 0 && (
          <ChartBlock title="Dice, case by case" file="dice.svg">
            {ref => (
              <PairsChart
                ref={ref}
                pairs={pairs}
                nameOf={at => caseNameOf(store.getState(), at) ?? `Case ${at + 1}`}
                notes={[compared.after, compared.data, compared.how, notice]}
                onChoose={at => void look(at)}
              />
            )}
          </ChartBlock>
        )}
      </Staggered>
    </div>
  )
}
