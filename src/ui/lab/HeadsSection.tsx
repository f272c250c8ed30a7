// Head diversity: how far and how evenly each head looks, for one checkpoint or two side by side.
import { Download } from 'lucide-react'
import { useRef } from 'react'
import { Button } from 'react-aria-components'
import { describeHeads } from '../../state/headsSlice.ts'
import { Failed } from '../Failed.tsx'
import { OptionRow } from '../OptionRow.tsx'
import { Progress } from '../Progress.tsx'
import { saveFile } from '../saveFile.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { EncoderChoice, useChosenEncoder } from './EncoderChoice.tsx'
import { HeadChart } from './HeadChart.tsx'

export function HeadsSection() {
  const heads = useWorkbench(state => state.heads)
  const panels = useWorkbench(state => state.headPanels)
  const place = useWorkbench(state => state.headsPlace)
  const choosePlace = useWorkbench(state => state.chooseHeadsPlace)
  const hasCrop = useWorkbench(state => state.labCrop !== null)
  const measure = useWorkbench(state => state.measureHeads)
  const cancel = useWorkbench(state => state.cancelHeads)
  const encoder = useChosenEncoder(useWorkbench(state => state.headsEncoder))
  const choose = useWorkbench(state => state.chooseHeadsEncoder)
  const isReady = useWorkbench(state => state.labModel.kind === 'ready')
  const isRunning = heads.kind === 'running'
  return (
    <>
      <EncoderChoice value={encoder} onChange={choose} isDisabled={isRunning} />
      <OptionRow
        name="Where the heads are measured"
        value={place}
        options={[
          { id: 'scan', name: 'Crops over the scan' },
          { id: 'region', name: 'At the region', isDisabled: !hasCrop },
        ]}
        isDisabled={isRunning}
        set={choosePlace}
      />
      {heads.kind === 'running' ? (
        <>
          <Progress {...heads.progress} unit={heads.progress.total > 1 ? 'crops' : undefined} />
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </>
      ) : (
        <Button className="button primary" isDisabled={!isReady} onPress={() => void measure()}>
          Measure the heads
        </Button>
      )}
      {heads.kind === 'failed' && <Failed failure={heads.failure} />}
      {panels.length > 0 ? <Panels /> : <Purpose />}
    </>
  )
}

function Purpose() {
  return (
    <p className="secondary">
      Each head’s mean distance from query to key, weighted by its attention, and the entropy of its
      attention. Measure a second encoder to see both side by side.
    </p>
  )
}

function Panels() {
  const panels = useWorkbench(state => state.headPanels)
  const saveTable = useWorkbench(state => state.saveHeadTable)
  const clear = useWorkbench(state => state.clearHeads)
  const isSynthetic = useWorkbench(state => state.openCase?.series.synthetic ?? false)
  const chart = useRef<SVGSVGElement>(null)
  const notes = panels.map(({ title, result }) => describeHeads(title, result))
  const saveSvg = () => {
    if (chart.current)
      saveFile(
        'head-diversity.svg',
        new Blob([new XMLSerializer().serializeToString(chart.current)], { type: 'image/svg+xml' }),
      )
  }
  return (
    <>
      <HeadChart ref={chart} panels={panels} notes={notes} isSynthetic={isSynthetic} />
      <div className="export-row">
        <Button className="button small" onPress={saveTable}>
          <Download size={13} aria-hidden /> CSV
        </Button>
        <Button className="button small" onPress={saveSvg}>
          <Download size={13} aria-hidden /> SVG
        </Button>
        <Button className="button small" onPress={clear}>
          Clear
        </Button>
      </div>
    </>
  )
}
