// Settings that most readers leave alone.
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'

export function Fold({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Disclosure className="fold">
      <Heading level={3}>
        <Button slot="trigger" className="fold-trigger">
          <ChevronRight size={14} aria-hidden /> {title}
        </Button>
      </Heading>
      <DisclosurePanel className="fold-body">{children}</DisclosurePanel>
    </Disclosure>
  )
}
