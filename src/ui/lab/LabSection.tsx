// One foldable section of the lab's panel: a title that folds, and what belongs to it.
import { ChevronRight } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'
import { TOUR_STEPS } from '../../state/tourSteps.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { useKeptInSight } from './useKeptInSight.ts'

interface LabSectionProps {
  readonly title: string
  readonly isOpenAtFirst?: boolean
  /** What belongs to it is made when it is opened for the first time. */
  readonly isLazy?: boolean
  readonly children: ReactNode
}

export function LabSection({ title, isOpenAtFirst = false, isLazy = false, children }: LabSectionProps) {
  const [isOpen, setOpen] = useState(isOpenAtFirst)
  const [wasOpened, setWasOpened] = useState(isOpenAtFirst || !isLazy)
  const section = useRef<HTMLDivElement>(null)
  const isShown = useWorkbench(({ tourStep }) => tourStep !== null && TOUR_STEPS[tourStep].section === title)
  const fold = useCallback((isOpen: boolean) => {
    setOpen(isOpen)
    setWasOpened(was => was || isOpen)
  }, [])
  useEffect(() => {
    if (isShown) fold(isShown)
  }, [isShown, fold])
  useKeptInSight(section, isShown)
  return (
    <Disclosure ref={section} className="lab-section" isExpanded={isOpen} onExpandedChange={fold}>
      <Heading level={2}>
        <Button slot="trigger" className="lab-title">
          <ChevronRight size={14} aria-hidden /> {title}
        </Button>
      </Heading>
      <DisclosurePanel className="lab-body">{wasOpened && children}</DisclosurePanel>
    </Disclosure>
  )
}
