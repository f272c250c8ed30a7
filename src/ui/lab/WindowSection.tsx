// Window attention: what the query under the crosshair attends to, by stage, block and head.
import { Download, Grid3x3 } from 'lucide-react'
import { useEffect } from 'react'
import { Button } from 'react-aria-components'
import { openLabNetwork } from '../../state/labSlice.ts'
import { queryAtCrosshair, type CrosshairQuery } from '../../state/windowsSlice.ts'
import { Failed } from '../Failed.tsx'
import { OptionRow } from '../OptionRow.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { Choice } from './Choice.tsx'
import { useEncoders } from './EncoderChoice.tsx'
import { PaintSwitch } from './PaintSwitch.tsx'
import { useHeld } from './useHeld.ts'

export function WindowSection() {
  useEncoders()
  const windows = useWorkbench(state => state.windows)
  const crop = useWorkbench(state => state.labCrop)
  const compute = useWorkbench(state => state.computeWindows)
  const cancel = useWorkbench(state => state.cancelWindows)
  const isCurrent = useIsCurrent()
  if (windows.kind === 'running')
    return (
      <>
        <Progress {...windows.progress} />
        <Button className="button small" onPress={cancel}>
          Cancel
        </Button>
      </>
    )
  return (
    <>
      {!(windows.kind === 'done' && isCurrent) && (
        <Button className="button primary" isDisabled={!crop} onPress={() => void compute()}>
          <Grid3x3 size={14} aria-hidden /> Look into the windows
        </Button>
      )}
      {!crop && <p className="secondary">Place the region first, then click a voxel in it.</p>}
      {windows.kind === 'failed' && <Failed failure={windows.failure} />}
      {windows.kind === 'done' && isCurrent && <Looking />}
    </>
  )
}

/** Whether the result at hand is of the region and the network that are chosen now. */
function useIsCurrent(): boolean {
  const held = useHeld()
  const crop = useWorkbench(state => state.labCrop)
  const task = useWorkbench(state => openLabNetwork(state)?.task)
  const role = useWorkbench(state => state.labRole)
  const result = held.insight.windows
  if (!result || !crop) return false
  const isSameCrop = JSON.stringify(result.crop) === JSON.stringify(crop)
  return isSameCrop && result.encoder.task === task && result.encoder.role === role
}

function Looking() {
  const held = useHeld()
  const choice = useWorkbench(state => state.windowChoice)
  const crosshairRasMm = useWorkbench(state => state.crosshairRasMm)
  const caseId = useWorkbench(state => state.openCase?.id)
  const paint = useWorkbench(state => state.paintWindow)
  const isPainter = useWorkbench(state => state.painter === 'window')
  useEffect(() => {
    if (isPainter) paint()
  }, [isPainter, crosshairRasMm, paint])
  const scan = caseId === undefined ? undefined : held.scan(caseId)
  const found = queryAtCrosshair(held.insight.windows, scan?.series.volume, {
    crosshairRasMm,
    windowChoice: choice,
  })
  return (
    <>
      <WindowChoices />
      <PaintSwitch painter="window" />
      {found ? (
        <QueryFigures {...found} />
      ) : (
        <p className="secondary">
          The crosshair is outside of the region: click a voxel in it, or move the region.
        </p>
      )}
    </>
  )
}

function WindowChoices() {
  const choice = useWorkbench(state => state.windowChoice)
  const choose = useWorkbench(state => state.chooseWindow)
  const task = useWorkbench(state => openLabNetwork(state)?.task)
  const encoders = useWorkbench(state => state.encoders)
  const role = useWorkbench(state => state.labRole)
  const encoder = encoders?.find(one => one.task === task && one.role === role)
  if (!encoder) return null
  const heads = encoder.heads[choice.stage]
  const toStage = (stage: number) =>
    choose({
      stage,
      block: Math.min(choice.block, encoder.depths[stage] - 1),
      head: choice.head === 'mean' || choice.head < encoder.heads[stage] ? choice.head : 'mean',
    })
  const names = ['Mean of all', ...Array.from({ length: heads }, (_, head) => `Head ${head + 1} of ${heads}`)]
  return (
    <>
      <Row label="Stage" count={4} value={choice.stage} onChange={toStage} />
      <Row
        label="Block"
        count={encoder.depths[choice.stage]}
        value={choice.block}
        onChange={block => choose({ block })}
        note={index => (index % 2 === 1 ? ', shifted' : '')}
      />
      <Choice
        label="Head"
        value={String(choice.head)}
        options={names.map((name, i) => ({ id: i === 0 ? 'mean' : String(i - 1), name }))}
        onChange={id => choose({ head: id === 'mean' ? 'mean' : Number(id) })}
      />
    </>
  )
}

interface RowProps {
  readonly label: string
  readonly count: number
  readonly value: number
  readonly onChange: (index: number) => void
  readonly note?: (index: number) => string
}

function Row({ label, count, value, onChange, note }: RowProps) {
  const options = Array.from({ length: count }, (_, id) => ({ id, name: `${id + 1}${note?.(id) ?? ''}` }))
  return (
    <div className="lab-choice">
      <span className="secondary">{label}</span>
      <OptionRow name={label} value={value} options={options} set={onChange} />
    </div>
  )
}

/** Shares of attention lie close together: a tenth of a per cent tells them apart. */
const formatShare = (share: number): string => `${(100 * share).toFixed(1)} %`

function QueryFigures({ query, tokens, block }: CrosshairQuery) {
  const saveMap = useWorkbench(state => state.saveWindowMap)
  const saveTable = useWorkbench(state => state.saveWindowTable)
  const { padding, masked } = query
  const size = tokens.spacingMm.map(mm => String(Number(mm.toFixed(1)))).reverse()
  return (
    <>
      <dl className="facts figures" data-testid="window-figures">
        <div>
          <dt>Query</dt>
          <dd>
            {[...query.query].reverse().join(', ')} of {[...block.grid].reverse().join(' × ')}{' '}
            <span className="secondary">(R, A, S)</span>
          </dd>
        </div>
        <div>
          <dt>Token</dt>
          <dd>{size.join(' × ')} mm</dd>
        </div>
        <div>
          <dt>Keys</dt>
          <dd>
            {query.tokens} of {block.layout.tokens}
            {masked > 0 && `, ${masked} shift-masked`}
            {padding.keys > 0 && `, ${padding.keys} padding`}
          </dd>
        </div>
        <div>
          <dt>Strongest</dt>
          <dd>
            {formatShare(query.largest)}{' '}
            <span className="secondary">evenly {formatShare(1 / block.layout.tokens)}</span>
          </dd>
        </div>
        {padding.keys > 0 && (
          <div>
            <dt>To padding</dt>
            <dd>{formatShare(padding.weight)}</dd>
          </div>
        )}
      </dl>
      <div className="magma-scale" aria-hidden>
        <span>0</span>
        <span>{formatShare(query.largest)}</span>
      </div>
      <div className="export-row">
        <Button className="button small" onPress={() => void saveMap()}>
          <Download size={13} aria-hidden /> NIfTI
        </Button>
        <Button className="button small" onPress={saveTable}>
          <Download size={13} aria-hidden /> CSV
        </Button>
      </div>
    </>
  )
}
