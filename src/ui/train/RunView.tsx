// The run that is looked at: live while it goes on, or as it was saved.
import { Download } from 'lucide-react'
import { Button } from 'react-aria-components'
import type { GoingRun } from '../../state/liveRunSlice.ts'
import { isElsewhere } from '../../state/runsSlice.ts'
import { curvesOf } from '../../worker/runCurves.ts'
import { figuresOf } from '../../worker/runFigures.ts'
import type { RunDetails, RunFact, RunKind, RunRow } from '../../worker/trainProtocol.ts'
import { Failed } from '../Failed.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { KIND_VIEWS } from './kindViews.ts'
import { LiveRunBox } from './LiveRunBox.tsx'
import { RunCurves } from './RunCurves.tsx'
import { Staggered } from './Staggered.tsx'

/** The live run, where it is the one that is looked at or nothing else is. */
function useShownLive(): GoingRun | null {
  const liveRun = useWorkbench(state => state.liveRun)
  const shown = useWorkbench(state => state.shownRun)
  if (liveRun.kind !== 'going') return null
  return shown.kind === 'none' || shown.id === liveRun.id ? liveRun : null
}

export function RunView() {
  const live = useShownLive()
  const shown = useWorkbench(state => state.shownRun)
  const isPreparing = useWorkbench(state => state.liveRun.kind === 'preparing')
  const details = shown.kind === 'shown' ? shown.details : null
  return (
    <div className="run-view">
      <LiveRunBox />
      {live && <RunBody kind={live.runKind} title={live.title} rows={live.rows} details={details} />}
      {!live && shown.kind === 'reading' && !isPreparing && <p className="secondary">Reading the run…</p>}
      {!live && shown.kind === 'failed' && <Failed failure={shown.failure} />}
      {!live && details && (
        <RunBody
          kind={details.summary.kind}
          title={details.summary.title}
          rows={details.rows}
          details={details}
        />
      )}
      {!live && shown.kind === 'none' && <NoRun />}
    </div>
  )
}

function NoRun() {
  const isIdle = useWorkbench(state => state.liveRun.kind === 'none')
  if (!isIdle) return null
  return (
    <div className="run-empty">
      <h2>No run is open</h2>
      <p className="secondary">
        Begin one in the panel on the right, or choose one of the list. A run computes on this computer, is
        saved in this browser, and goes on after a reload from where it was saved.
      </p>
    </div>
  )
}

interface RunBodyProps {
  readonly kind: RunKind
  readonly title: string
  readonly rows: readonly RunRow[]
  /** Null until the library has read the run. */
  readonly details: RunDetails | null
}

function RunBody({ kind, title, rows, details }: RunBodyProps) {
  const compared = useWorkbench(state => state.comparedRun)
  const KindView = KIND_VIEWS[kind]
  const last = rows.at(-1)
  const beside =
    compared && compared.summary.kind === kind && compared.summary.id !== details?.summary.id
      ? compared
      : null
  return (
    <Staggered>
      <h2 className="run-title">{title}</h2>
      {details && <Elsewhere summary={details.summary} />}
      {last ? (
        <>
          <Facts facts={figuresOf(kind, last)} label="Last update" className="run-figures" />
          <RunCurves
            panels={curvesOf(kind, rows)}
            compared={beside && { title: beside.summary.title, panels: curvesOf(kind, beside.rows) }}
          />
          {details && <SaveCurves id={details.summary.id} />}
        </>
      ) : (
        <p className="secondary">No update has been made yet: curves begin with the first.</p>
      )}
      {KindView && <KindView details={details} rows={rows} />}
      {details && <Facts facts={details.facts} label="Settings" className="facts run-facts" />}
      {details && <Whereabouts details={details} />}
      <p className="secondary small-print">Research use — not for clinical use</p>
    </Staggered>
  )
}

/** A run that another tab writes can be looked at and nothing else. */
function Elsewhere({ summary }: { summary: RunDetails['summary'] }) {
  const isOther = useWorkbench(state => isElsewhere(state, summary))
  if (!isOther) return null
  return (
    <p className="warning" role="status">
      Another tab of this browser is training this run. It can be looked at here; pause or stop it there. When
      that tab is closed, it can be continued here from its last save.
    </p>
  )
}

function Facts({ facts, label, className }: { facts: readonly RunFact[]; label: string; className: string }) {
  return (
    <dl className={className} aria-label={label}>
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="figures">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function SaveCurves({ id }: { id: string }) {
  const save = useWorkbench(state => state.saveCurves)
  return (
    <div className="export-row">
      <Button className="button small" onPress={() => void save(id, 'svg')}>
        <Download size={13} aria-hidden /> Curves as SVG
      </Button>
      <Button className="button small" onPress={() => void save(id, 'csv')}>
        <Download size={13} aria-hidden /> History as CSV
      </Button>
    </div>
  )
}

/** Where the run was computed: stretches, as far as they differ. */
function Whereabouts({ details: { sessions } }: { details: RunDetails }) {
  const changes = sessions.filter(({ label }, index) => index === 0 || label !== sessions[index - 1].label)
  return (
    <p className="secondary">
      {changes.map(({ fromStep, label }, index) => (
        <span key={fromStep}>
          {index === 0 ? 'Computed on ' : `; from update ${fromStep + 1} on `}
          {label}
        </span>
      ))}
      {sessions.length > 1 &&
        `. Continued ${sessions.length - 1 === 1 ? 'once' : `${sessions.length - 1} times`}.`}
    </p>
  )
}
