// The guided tour's card over the views: one step at a time, by mouse or keys; Esc ends it.
import { useEffect, useRef } from 'react'
import type { KeyboardEvent } from 'react'
import { X } from 'lucide-react'
import { Button } from 'react-aria-components'
import { openLabNetwork } from '../../state/labSlice.ts'
import type { Workbench } from '../../state/store.ts'
import { TOUR_STEPS } from '../../state/tourSteps.ts'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'

export function TourCard() {
  const store = useWorkbenchStore()
  const at = useWorkbench(state => state.tourStep)
  const network = useWorkbench(openLabNetwork)
  const caseId = useWorkbench(state => state.openCase?.id)
  const card = useRef<HTMLElement>(null)
  const isReady = network !== undefined && caseId !== undefined
  useEffect(() => {
    if (at !== null && isReady) TOUR_STEPS[at].show(store.getState())
  }, [store, at, isReady])
  useEffect(() => {
    if (at !== null) card.current?.focus()
  }, [at])
  useFillingIn()
  if (at === null) return null
  const { goTour, endTour } = store.getState()
  const step = TOUR_STEPS[at]
  const isLast = at === TOUR_STEPS.length - 1
  return (
    <section
      ref={card}
      className="tour-card"
      role="dialog"
      aria-labelledby="tour-title"
      aria-describedby="tour-text"
      tabIndex={-1}
      onKeyDown={event => onKeyDown(event, store.getState())}
    >
      <div className="dialog-head">
        <h2 id="tour-title">{step.title}</h2>
        <Button className="icon-button" aria-label="End the tour" onPress={endTour}>
          <X size={15} />
        </Button>
      </div>
      <p id="tour-text">
        {network?.canReconstruct && step.textWithReconstruction ? step.textWithReconstruction : step.text}
      </p>
      <div className="tour-foot">
        <span className="secondary figures">
          {at + 1} of {TOUR_STEPS.length}
        </span>
        <span className="secondary">
          <kbd>←</kbd> <kbd>→</kbd> <kbd>Esc</kbd>
        </span>
        <span className="top-space" />
        <Button className="button small" isDisabled={at === 0} onPress={() => goTour(-1)}>
          Back
        </Button>
        <Button className="button small primary" onPress={() => goTour(1)}>
          {isLast ? 'Done' : 'Next'}
        </Button>
      </div>
    </section>
  )
}

/** Where the tour speaks of filling in, the student does so, as soon as there is a mask. */
function useFillingIn(): void {
  const store = useWorkbenchStore()
  const at = useWorkbench(state => state.tourStep)
  const canFillIn = useWorkbench(
    state => state.attention.kind === 'done' && openLabNetwork(state)?.canReconstruct === true,
  )
  useEffect(() => {
    // As it is now: showing the step may have asked for another attention, which comes first.
    const { attention, reconstruction, reconstruct } = store.getState()
    const isFillingIn = at !== null && TOUR_STEPS[at].section === 'Reconstruction'
    const isNext = attention.kind === 'done' && reconstruction.kind === 'none'
    if (isFillingIn && canFillIn && isNext) void reconstruct()
  }, [store, at, canFillIn])
}

/** The tour's keys; all others go on to the page. */
function onKeyDown(event: KeyboardEvent, { goTour, endTour }: Workbench): void {
  if (event.key === 'Escape') endTour()
  else if (event.key === 'ArrowRight') goTour(1)
  else if (event.key === 'ArrowLeft') goTour(-1)
  else return
  event.preventDefault()
}
