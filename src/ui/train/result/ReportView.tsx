// The result of a fine-tuning run in the stage: is it better, by what, where it is wrong; with and without the cases that the
// readers could not decide. Every chart can be taken away.
import { Download } from 'lucide-react'
import { useRef, useState } from 'react'
import type { ReactNode, Ref } from 'react'
import { Button } from 'react-aria-components'
import type { ClassReport, FinetuneReport, MaskReport } from '../../../worker/finetuneReport.ts'
import { saveFile } from '../../saveFile.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { chartFile } from '../charts/chartInk.ts'
import { ConfusionTable } from '../charts/ConfusionTable.tsx'
import { PairsChart } from '../charts/PairsChart.tsx'
import { ReliabilityChart } from '../charts/ReliabilityChart.tsx'
import { RocChart } from '../charts/RocChart.tsx'
import { OptionRow } from '../fields/OptionRow.tsx'
import { MetricTable } from './MetricTable.tsx'
import { WorstCases } from './WorstCases.tsx'

export function ReportView({ report }: { report: FinetuneReport }) {
  const saveReport = useWorkbench(state => state.saveFinetuneReport)
  return (
    <section className="train-report" aria-label="Result">
      <p className="verdict-sentence" data-testid="finetune-verdict">
        {report.verdict}
      </p>
      {report.remarks.map(remark => (
        <p key={remark} className="secondary">
          {remark}
        </p>
      ))}
      {report.classification && <Classes report={report} />}
      {report.masks && <Masks masks={report.masks} />}
      <WorstCases worst={report.worst} />
      <div className="export-row">
        <Button className="button small" onPress={() => void saveReport('json')}>
          <Download size={13} aria-hidden /> JSON
        </Button>
        <Button className="button small" onPress={() => void saveReport('csv')}>
          <Download size={13} aria-hidden /> CSV
        </Button>
      </div>
    </section>
  )
}

type Cases = 'all' | 'decided'

function Classes({ report }: { report: FinetuneReport }) {
  const [cases, setCases] = useState<Cases>('all')
  const { classification, classes, verdict } = report
  if (!classification) return null
  const { all, decided } = classification
  const shown = cases === 'decided' && decided ? decided : all
  return (
    <>
      {decided && (
        <OptionRow
          name="Which cases"
          value={cases}
          options={[
            { id: 'all', name: `All ${all.cases} cases` },
            { id: 'decided', name: `Without the indeterminate: ${decided.cases}` },
          ]}
          set={setCases}
        />
      )}
      <ClassCharts report={shown} {...{ classes }} notes={[verdict]} />
    </>
  )
}

interface ClassChartsProps {
  readonly report: ClassReport
  readonly classes: readonly string[]
  readonly notes: readonly string[]
}

function ClassCharts({ report, classes, notes }: ClassChartsProps) {
  const { metrics, roc, reliability, ece, confusion } = report
  const positive = classes[classes.length - 1] ?? 'positive'
  return (
    <div className="result-grid">
      <section>
        <h3>Figures</h3>
        <MetricTable rows={metrics} label="Figures of the classifier" />
      </section>
      {roc.length > 0 && (
        <Chart title="ROC" file="roc.svg">
          {ref => <RocChart ref={ref} series={roc} notes={notes} />}
        </Chart>
      )}
      {reliability.length > 0 && (
        <Chart title="Calibration" file="reliability.svg">
          {ref => <ReliabilityChart ref={ref} bins={reliability} {...{ ece, positive, notes }} />}
        </Chart>
      )}
      <section>
        <h3>Confusion</h3>
        <ConfusionTable classes={classes} counts={confusion} />
      </section>
    </div>
  )
}

function Masks({ masks }: { masks: MaskReport }) {
  const look = useWorkbench(state => state.lookAtCrop)
  return (
    <div className="result-grid">
      <section>
        <h3>Figures</h3>
        <MetricTable rows={masks.metrics} label="Figures of the outlines" />
      </section>
      <Chart title="Dice, case by case" file="dice.svg">
        {ref => (
          <PairsChart
            ref={ref}
            pairs={masks.pairs}
            nameOf={at => `Case ${at + 1}`}
            notes={[]}
            onChoose={look}
          />
        )}
      </Chart>
    </div>
  )
}

interface ChartProps {
  readonly title: string
  readonly file: string
  readonly children: (ref: Ref<SVGSVGElement>) => ReactNode
}

function Chart({ title, file, children }: ChartProps) {
  const chart = useRef<SVGSVGElement>(null)
  return (
    <section>
      <div className="list-head">
        <h3>{title}</h3>
        <span className="top-space" />
        <Button
          className="button small"
          onPress={() => {
            if (chart.current) saveFile(file, chartFile(chart.current))
          }}
        >
          <Download size={13} aria-hidden /> SVG
        </Button>
      </div>
      {children(chart)}
    </section>
  )
}
