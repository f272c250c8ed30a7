// The models above the page: also where no scan is open.
import { X } from 'lucide-react'
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { ModelsSection } from './ModelsSection.tsx'

export function ModelsDialog(props: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <ModalOverlay className="modal-overlay" isDismissable {...props}>
      <Modal className="modal modal-wide">
        <Dialog className="dialog" aria-label="Models">
          <div className="dialog-head">
            <Heading slot="title">Models of this browser</Heading>
            <Button slot="close" className="icon-button" aria-label="Close">
              <X size={16} />
            </Button>
          </div>
          <ModelsSection />
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
