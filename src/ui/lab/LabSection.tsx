// One foldable section of the lab's panel: a title that folds, and what belongs to it.
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'

interface LabSectionProps {
  readonly title: string
  readonly isOpenAtFirst?: boolean
  readonly children: ReactNode
}

export function LabSection({ title, isOpenAtFirst = false, children }: LabSectionProps) {
  return (
    <Disclosure className="lab-section" defaultExpanded={isOpenAtFirst}>
      <Heading level={2}>
        <Button slot="trigger" className="lab-title">
          <ChevronRight size={14} aria-hidden /> {title}
        </Button>
      </Heading>
      <DisclosurePanel className="lab-body">{children}</DisclosurePanel>
    </Disclosure>
  )
}
