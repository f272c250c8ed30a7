// A part of the panel that is made and opened when it is asked for.
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
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
  const [wasOpened, setOpened] = useState(isOpenAtFirst)
  return (
    <Disclosure
      className="fold"
      defaultExpanded={isOpenAtFirst}
      onExpandedChange={isOpen => setOpened(wasOpened || isOpen)}
    >
      <Heading level={3}>
        <Button slot="trigger" className={isWarning ? 'fold-trigger fold-warning' : 'fold-trigger'}>
          <ChevronRight size={14} aria-hidden /> {title}
        </Button>
      </Heading>
      <DisclosurePanel className="fold-body">{wasOpened && children}</DisclosurePanel>
    </Disclosure>
  )
}
