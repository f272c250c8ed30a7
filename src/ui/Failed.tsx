// A failure on screen: the sentence, and the log behind a fold, copyable.
import { ChevronRight, TriangleAlert } from 'lucide-react'
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'
import type { Failure } from '../state/failure.ts'

export function Failed({ failure }: { failure: Failure }) {
  const { message, details } = failure
  return (
    <div className="failed" role="alert">
      <p className="failed-message">
        <TriangleAlert size={16} aria-hidden />
        <span>{message}</span>
      </p>
      {details && (
        <Disclosure className="fold">
          <Heading level={3}>
            <Button slot="trigger" className="fold-trigger">
              <ChevronRight size={14} aria-hidden /> Details
            </Button>
          </Heading>
          <DisclosurePanel>
            <pre className="details">{details}</pre>
            <Button className="button small" onPress={() => void navigator.clipboard?.writeText(details)}>
              Copy details
            </Button>
          </DisclosurePanel>
        </Disclosure>
      )}
    </div>
  )
}
