// A model's card, read.
import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import type { ModelEntry } from '../../worker/modelProtocol.ts'
import { useWorkbenchStore } from '../useWorkbench.ts'
import { Markdown } from './Markdown.tsx'

export function CardDialog({ model, onClose }: { model: ModelEntry; onClose: () => void }) {
  const { readModelCard } = useWorkbenchStore().getState()
  const [card, setCard] = useState<string>()
  useEffect(() => {
    let isGone = false
    void readModelCard(model).then(
      text => !isGone && setCard(text),
      (error: unknown) => !isGone && setCard(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      isGone = true
    }
  }, [model, readModelCard])
  return (
    <ModalOverlay
      className="modal-overlay"
      isOpen
      isDismissable
      onOpenChange={isOpen => !isOpen && onClose()}
    >
      <Modal className="modal modal-wide">
        <Dialog className="dialog">
          <div className="dialog-head">
            <Heading slot="title">Model card</Heading>
            <Button slot="close" className="icon-button" aria-label="Close">
              <X size={16} />
            </Button>
          </div>
          {card === undefined ? <p className="secondary">Reading the card</p> : <Markdown text={card} />}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
