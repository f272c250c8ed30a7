// The keys of the reading room. Typing in a field and dialogs keep their own keys.
import { useEffect } from 'react'
import type { RefObject } from 'react'
import type { Plane } from '../state/viewSlice.ts'
import type { Workbench } from '../state/store.ts'
import { useWorkbenchStore } from './useWorkbench.ts'
import type { CtViewer } from './viewer/ctViewer.ts'
import { NORMAL } from './viewer/frame.ts'

type Action = (state: Workbench, viewer: CtViewer, event: KeyboardEvent) => void

/** The plane that slice keys move: the shown one, axial where several are shown. */
export function keyPlane(layout: Workbench['layout']): Plane {
  return layout === 'coronal' || layout === 'sagittal' ? layout : 'axial'
}

const step =
  (slices: number): Action =>
  (state, viewer) =>
    viewer.step(keyPlane(state.layout), slices)

const toEnd =
  (last: boolean): Action =>
  (state, viewer) => {
    const plane = keyPlane(state.layout)
    viewer.toSlice(plane, last ? viewer.dims[NORMAL[plane]] - 1 : 0)
  }

const judge =
  (verdict: 'acceptFinding' | 'rejectFinding'): Action =>
  state => {
    if (state.selectedFinding) state[verdict](state.selectedFinding)
  }

const ACTIONS: Record<string, Action> = {
  a: state => state.setLayout('axial'),
  c: state => state.setLayout('coronal'),
  s: state => state.setLayout('sagittal'),
  v: state => state.cycleLayout(),
  arrowup: step(1),
  arrowright: step(1),
  arrowdown: step(-1),
  arrowleft: step(-1),
  pageup: step(10),
  pagedown: step(-10),
  home: toEnd(false),
  end: toEnd(true),
  f: (state, _viewer, event) => state.selectNextFinding(event.shiftKey ? -1 : 1),
  enter: judge('acceptFinding'),
  delete: judge('rejectFinding'),
  backspace: judge('rejectFinding'),
  ' ': state => state.changeOverlay({ visible: !state.overlay.visible }),
  '0': (_state, viewer) => viewer.resetView(),
  '+': (_state, viewer) => viewer.zoomBy(1.25),
  '=': (_state, viewer) => viewer.zoomBy(1.25),
  '-': (_state, viewer) => viewer.zoomBy(0.8),
}
for (const key of [1, 2, 3, 4, 5]) ACTIONS[String(key)] = state => state.pickPreset(key)

/** Controls that use these keys themselves. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement
  if (target.closest('[role="dialog"], [role="menu"], [role="listbox"]')) return true
  if (target.matches('input[type="range"]')) return /^(Arrow|Page|Home|End)/.test(event.key)
  if (target.matches('textarea, select, input:not([type="radio"], [type="checkbox"])')) return true
  const isControl = target.closest('button, a, input, [role="row"]') !== null
  return isControl && (event.key === 'Enter' || event.key === ' ' || event.key.startsWith('Arrow'))
}

export function useKeyboard(viewer: RefObject<CtViewer | null>, openHelp: () => void): void {
  const store = useWorkbenchStore()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || isTaken(event)) return
      const state = store.getState()
      const key = event.key.toLowerCase()
      if (event.ctrlKey || event.metaKey) {
        if (key !== 'z' && key !== 'y') return
        event.preventDefault()
        if (key === 'y' || event.shiftKey) state.redo()
        else state.undo()
        return
      }
      if (key === '?') openHelp()
      else if (key === 'escape') escape(state)
      else if (viewer.current && state.openCase && ACTIONS[key]) ACTIONS[key](state, viewer.current, event)
      else return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [store, viewer, openHelp])
}

/** The nearest thing that can be cancelled or closed. */
function escape(state: Workbench): void {
  if (state.opening.kind === 'reading') state.cancelOpening()
  else if (state.opening.kind === 'failed') state.dismissOpening()
  else if (state.prediction.kind === 'running') state.cancelPrediction()
  else if (state.attention.kind === 'running') state.cancelAttention()
  else if (state.reconstruction.kind === 'running') state.cancelReconstruction()
  else if (state.features.kind === 'running') state.cancelFeatures()
  else if (state.tourStep !== null) state.endTour()
}
