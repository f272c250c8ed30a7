// What a trained classifier is worth: figures, ROC, calibration, confusion; all cases or those that could be decided.
import { useState } from 'react'
import { classRows } from '../../../state/reportRows.ts'
import type { ClassReport, ClassSet } from '../../../worker/finetuneProtocol.ts'
import { OptionRow } from '../../OptionRow.tsx'
import { ConfusionTable } from '../charts/ConfusionTable.tsx'
import { ReliabilityChart } from '../charts/ReliabilityChart.tsx'
import { RocChart, type RocSeries } from '../charts/RocChart.tsx'
import { Staggered } from '../Staggered.tsx'
import { ChartBlock } from './ChartBlock.tsx'
import { MetricTable } from './MetricTable.tsx'
import { ShareTable } from './ShareTable.tsx'

export function ClassResult({ report }: { report: ClassReport }) {
  const [which, setWhich] = useState<ClassSet['which']>('all')
  const shown = report.sets.find(set => set.which === which) ?? report.sets[0]
  if (!shown) return null
  return (
    <>
      {report.sets.length > 1 && (
        <div className="which-cases">
          <OptionRow
            isWrapping
            name="Which cases"
            value={shown.which}
            options={report.sets.map(set => ({ id: set.which, name: nameOf(set) }))}
            set={setWhich}
          />
        </div>
      )}
      <SetCharts set={shown} report={report} />
    </>
  )
}

function nameOf({ which, cases }: ClassSet): string {
  return which === 'all' ? `All ${cases} cases` : `Without the indeterminate: ${cases}`
}

function SetCharts({ set, report }: { set: ClassSet; report: ClassReport }) {
  const { classes, compared, notice } = report
  const { after } = set
  const curves = rocSeries(set)
  const notes = [compared.after, compared.data, compared.how, nameOf(set), notice]
  const outcome = classes.length === 2 ? classes[1] : 'as called'
  return (
    <div className="result-grid">
      <Staggered>
        <section>
          <h3>Figures</h3>
          <MetricTable rows={classRows(set, classes)} label="Figures of the classifier" />
          <ShareTable shares={report.shares} figure={classes.length === 2 ? 'AUC' : 'AUC, mean of classes'} />
        </section>
        {curves.length > 0 && (
          <ChartBlock title="ROC" file="roc.svg">
            {ref => <RocChart ref={ref} series={curves} notes={notes} />}
          </ChartBlock>
        )}
        <ChartBlock title="Calibration" file="reliability.svg">
          {ref => (
            <ReliabilityChart
              ref={ref}
              bins={after.reliability}
              ece={after.calibrationError}
              {...{ outcome, notes }}
            />
          )}
        </ChartBlock>
        <section>
          <h3>Confusion</h3>
          <ConfusionTable classes={classes} counts={after.confusion} />
        </section>
      </Staggered>
    </div>
  )
}

function rocSeries({ after, before, size }: ClassSet): RocSeries[] {
  const all = [
    { series: 'size' as const, name: 'Size alone', curve: size?.roc, auc: size?.auc ?? null },
    { series: 'start' as const, name: 'Start model', curve: before?.roc, auc: before?.auc ?? null },
    { series: 'trained' as const, name: 'Trained', curve: after.roc, auc: after.auc },
  ]
  return all.flatMap(({ curve, ...rest }) => (curve ? [{ ...rest, curve }] : []))
}
