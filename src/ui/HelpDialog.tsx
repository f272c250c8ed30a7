// All keys and what the mouse does.
import { X } from 'lucide-react'
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'

const KEYS: readonly (readonly [string, string])[] = [
  ['1 … 5', 'Window: lung, mediastinum, bone, liver, the file’s own'],
  ['A  C  S', 'Axial, coronal, sagittal'],
  ['V', 'Next layout'],
  ['↑ ↓  or  ← →', 'Previous or next slice'],
  ['Page ↑ ↓', 'Ten slices'],
  ['Home  End', 'First, last slice'],
  ['F  Shift+F', 'Next, previous finding'],
  ['Enter', 'Accept the finding'],
  ['Delete', 'Reject the finding'],
  ['Space', 'Overlay on or off'],
  ['0', 'Reset zoom and position'],
  ['+  −', 'Zoom'],
  ['Ctrl+Z  Ctrl+Shift+Z', 'Undo, redo'],
  ['←  →  in the tour', 'Previous or next step'],
  ['Esc', 'Cancel or close'],
  ['?', 'This list'],
]

const MOUSE: readonly (readonly [string, string])[] = [
  ['Wheel', 'Slices'],
  ['Left click', 'Moves the crosshair there'],
  ['Left drag', 'Window: sideways width, up and down level'],
  ['Middle drag', 'Pan'],
  ['Right drag', 'Zoom'],
  ['Double click', 'One view, and back'],
  ['Left drag in 3-D', 'Turns'],
]

export function HelpDialog(props: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <ModalOverlay className="modal-overlay" isDismissable {...props}>
      <Modal className="modal">
        <Dialog className="dialog">
          <div className="dialog-head">
            <Heading slot="title">Keys and mouse</Heading>
            <Button slot="close" className="icon-button" aria-label="Close">
              <X size={16} />
            </Button>
          </div>
          <div className="help-columns">
            <KeyList title="Keys" rows={KEYS} />
            <KeyList title="Mouse, radiology scheme" rows={MOUSE} />
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function KeyList({ title, rows }: { title: string; rows: readonly (readonly [string, string])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className="key-list">
        {rows.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
