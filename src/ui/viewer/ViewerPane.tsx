// The viewer in the page: owns the canvas, carries the store's wishes to the viewer, and draws the DOM twin over it.
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { ReactNode, RefObject } from 'react'
import type { HeldArrays } from '../../worker/heldArrays.ts'
import { toFailure } from '../../state/failure.ts'
import type { Failure } from '../../state/failure.ts'
import { Failed } from '../Failed.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { CtViewer } from './ctViewer.ts'
import type { Frame } from './frame.ts'
import { FrameOverlay } from './FrameOverlay.tsx'
import { LiveRegion } from './LiveRegion.tsx'
import { PointerLayer } from './PointerLayer.tsx'
import { SliceSlider } from './SliceSlider.tsx'
import { ViewerToolbar } from './ViewerToolbar.tsx'

interface ViewerPaneProps {
  readonly held: HeldArrays
  readonly viewer: RefObject<CtViewer | null>
  /** Between the toolbar and the views. */
  readonly bar?: ReactNode
}

export function ViewerPane({ held, viewer, bar }: ViewerPaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { attached, failure } = useAttachedViewer(canvas, viewer)
  const drawFailure = useWishes(attached, held)
  const frame = useFrame(attached)
  useCrosshairReport(frame)
  const problem = failure ?? drawFailure
  return (
    <div className="viewer">
      <ViewerToolbar viewer={attached} />
      {bar}
      <div className="viewer-body">
        <div className="viewer-canvas">
          <canvas ref={canvas} aria-label="CT views" role="img" />
          {attached && frame && (
            <>
              <FrameOverlay frame={frame} viewer={attached} />
              <PointerLayer viewer={attached} frame={frame} />
            </>
          )}
          {problem && (
            <div className="opening-notice">
              <Failed failure={problem} />
            </div>
          )}
        </div>
        <SliceSlider frame={frame} viewer={attached} />
      </div>
      {attached && frame && <LiveRegion frame={frame} />}
    </div>
  )
}

const NO_GRAPHICS: Failure = {
  message:
    'This browser gave no WebGL 2, which the views are drawn with. Turn on hardware acceleration, or use a current Chrome, Edge or Firefox.',
  details: undefined,
}
const GRAPHICS_LOST: Failure = {
  message:
    'The graphics card was reset, so the views went dark. Save the findings you need, reload this page and open the scan again.',
  details: undefined,
}

function useAttachedViewer(canvas: RefObject<HTMLCanvasElement | null>, viewer: RefObject<CtViewer | null>) {
  const [attached, setAttached] = useState<CtViewer | null>(null)
  const [failure, setFailure] = useState<Failure>()
  useEffect(() => {
    let isGone = false
    let mine: CtViewer | undefined
    const element = canvas.current!
    const onLost = () => setFailure(GRAPHICS_LOST)
    element.addEventListener('webglcontextlost', onLost)
    CtViewer.attach(element).then(
      made => {
        if (isGone) return made.dispose()
        mine = made
        viewer.current = made
        setAttached(made)
      },
      () => setFailure(NO_GRAPHICS),
    )
    return () => {
      isGone = true
      viewer.current = null
      element.removeEventListener('webglcontextlost', onLost)
      mine?.dispose()
    }
  }, [canvas, viewer])
  return { attached, failure }
}

/** Carries case, window, layout, overlay and look requests from the store to the viewer. */
function useWishes(viewer: CtViewer | null, held: HeldArrays): Failure | undefined {
  const caseId = useWorkbench(state => state.openCase?.id)
  const window = useWorkbench(state => state.window)
  const layout = useWorkbench(state => state.layout)
  const overlay = useWorkbench(state => state.overlay)
  const look = useWorkbench(state => state.look)
  const prediction = useWorkbench(state => state.prediction)
  const selected = useWorkbench(state => state.selectedFinding)
  const verdicts = useWorkbench(state => state.verdicts)
  const setWindow = useWorkbench(state => state.setWindow)
  const [failure, setFailure] = useState<Failure>()
  const findings = prediction.kind === 'done' ? prediction.summary.file.findings : undefined

  useEffect(() => viewer?.setLayout(layout), [viewer, layout])
  useEffect(() => viewer?.setWindow(window), [viewer, window, caseId])
  useEffect(() => {
    if (viewer) viewer.onWindow = (widthHu, levelHu) => setWindow({ name: 'Own', widthHu, levelHu })
  }, [viewer, setWindow])
  useEffect(() => {
    const scan = caseId === undefined ? undefined : held.scan(caseId)
    if (!viewer || !scan) return
    try {
      viewer.showScan(scan)
      setFailure(undefined)
    } catch (error) {
      setFailure(toFailure(error, 'Showing this scan'))
    }
  }, [viewer, caseId, held])
  useEffect(() => {
    if (caseId !== undefined) viewer?.showPrediction((findings && held.prediction(caseId)) ?? null)
  }, [viewer, caseId, findings, held])
  useEffect(() => {
    const label = (findings?.findIndex(one => one.id === selected) ?? -1) + 1
    viewer?.setOverlay(overlay, label)
  }, [viewer, overlay, findings, selected])
  useEffect(() => {
    viewer?.hideLabels(
      new Set(findings?.flatMap((one, i) => (verdicts[one.id] === 'rejected' ? [i + 1] : []))),
    )
  }, [viewer, findings, verdicts])
  useEffect(() => {
    if (look) viewer?.lookAt(look.centreRasMm)
  }, [viewer, look])
  usePainting(viewer, held)
  return failure
}

/** What the lab paints, while somebody explores; the outlines of a labelled case, while somebody trains. */
function usePainting(viewer: CtViewer | null, held: HeldArrays): void {
  const serial = useWorkbench(state => state.paintSerial)
  const mode = useWorkbench(state => state.mode)
  const caseId = useWorkbench(state => state.openCase?.id)
  const visible = useWorkbench(state => state.overlay.visible)
  const opacity = useWorkbench(state => state.paintOpacity)
  useEffect(() => {
    if (caseId === undefined) return
    const { painting: outlines } = held.training
    const ofCase = outlines?.caseId === caseId ? outlines.painting : undefined
    viewer?.painter.show(mode === 'explore' ? held.painting() : mode === 'train' ? ofCase : undefined)
  }, [viewer, held, serial, mode, caseId])
  useEffect(() => viewer?.painter.setLook({ visible, opacity }), [viewer, visible, opacity])
}

/** The store knows where the crosshair is: panels read values there. */
function useCrosshairReport(frame: Frame | null): void {
  const moved = useWorkbench(state => state.crosshairMoved)
  const [x, y, z] = frame?.rasMm ?? [NaN, NaN, NaN]
  useEffect(() => {
    if (Number.isFinite(x)) moved([x, y, z])
  }, [moved, x, y, z])
}

const noSubscription = () => () => undefined

function useFrame(viewer: CtViewer | null): Frame | null {
  return useSyncExternalStore(viewer?.subscribe ?? noSubscription, viewer?.frame ?? (() => null))
}
