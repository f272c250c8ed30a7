// Another name for an own model. Name and version are part of its identity, which changes with them.
import { useState } from 'react'
import {
  Button,
  Dialog,
  Form,
  Heading,
  Input,
  Label,
  Modal,
  ModalOverlay,
  TextField,
} from 'react-aria-components'
import type { ModelEntry } from '../../worker/modelProtocol.ts'
import { useWorkbenchStore } from '../useWorkbench.ts'

export function RenameDialog({ model, onClose }: { model: ModelEntry; onClose: () => void }) {
  const { renameModel } = useWorkbenchStore().getState()
  const [names, setNames] = useState({ name: model.name, title: model.title, version: model.version })
  const field = (key: keyof typeof names, label: string) => (
    <TextField
      className="text-field"
      value={names[key]}
      onChange={value => setNames({ ...names, [key]: value })}
    >
      <Label>{label}</Label>
      <Input />
    </TextField>
  )
  return (
    <ModalOverlay
      className="modal-overlay"
      isOpen
      isDismissable
      onOpenChange={isOpen => !isOpen && onClose()}
    >
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title">Rename the model</Heading>
          <Form
            className="text-fields"
            onSubmit={event => {
              event.preventDefault()
              onClose()
              void renameModel(model, names)
            }}
          >
            {field('title', 'Title')}
            {field('name', 'Name in files')}
            {field('version', 'Version')}
            <p className="secondary dialog-text">
              Its identity (SHA-256) covers the name and changes with it; the former one stays in its
              description, so that older results can still be traced to it.
            </p>
            <div className="row-end">
              <Button slot="close" className="button">
                Cancel
              </Button>
              <Button type="submit" className="button primary">
                Rename
              </Button>
            </div>
          </Form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
