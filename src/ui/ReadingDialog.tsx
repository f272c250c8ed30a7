// A dialog that is read and closed: its title, a cross, and what it shows.
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'

export interface Openness {
  readonly isOpen: boolean
  onOpenChange(isOpen: boolean): void
}

interface ReadingDialogProps extends Openness {
  readonly title: string
  readonly isWide?: boolean
  readonly children: ReactNode
}

export function ReadingDialog({ title, isWide = false, children, ...openness }: ReadingDialogProps) {
  return (
    <ModalOverlay className="modal-overlay" isDismissable {...openness}>
      <Modal className={isWide ? 'modal modal-wide' : 'modal'}>
        <Dialog className="dialog">
          <div className="dialog-head">
            <Heading slot="title">{title}</Heading>
            <Button slot="close" className="icon-button" aria-label="Close">
              <X size={16} />
            </Button>
          </div>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
