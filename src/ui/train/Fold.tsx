// A part of the panel that opens when it is asked for.
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'

interface FoldProps {
  readonly title: string
  /** It holds something that the reader should know. */
  readonly isWarning?: boolean
  readonly isOpenAtFirst?: boolean
  readonly children: ReactNode
}

export function Fold({ title, isWarning = false, isOpenAtFirst = false, children }: FoldProps) {
  return (
    <Disclosure className="fold" defaultExpanded={isOpenAtFirst}>
      <Heading level={3}>
        <Button slot="trigger" className={isWarning ? 'fold-trigger fold-warning' : 'fold-trigger'}>
          <ChevronRight size={14} aria-hidden /> {title}
        </Button>
      </Heading>
      <DisclosurePanel className="fold-body">{children}</DisclosurePanel>
    </Disclosure>
  )
}
