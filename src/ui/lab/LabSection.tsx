// One foldable section of the lab's panel: a title that folds, and what belongs to it.
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'

interface LabSectionProps {
  readonly title: string
  readonly isOpenAtFirst?: boolean
  /** What belongs to it is made when it is opened for the first time. */
  readonly isLazy?: boolean
  readonly children: ReactNode
}

export function LabSection({ title, isOpenAtFirst = false, isLazy = false, children }: LabSectionProps) {
  const [wasOpened, setOpened] = useState(isOpenAtFirst || !isLazy)
  return (
    <Disclosure
      className="lab-section"
      defaultExpanded={isOpenAtFirst}
      onExpandedChange={isOpen => setOpened(wasOpened || isOpen)}
    >
      <Heading level={2}>
        <Button slot="trigger" className="lab-title">
          <ChevronRight size={14} aria-hidden /> {title}
        </Button>
      </Heading>
      <DisclosurePanel className="lab-body">{wasOpened && children}</DisclosurePanel>
    </Disclosure>
  )
}
