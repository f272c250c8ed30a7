// A model was dropped or chosen: what it is, before it is kept.
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import type { ModelOffer } from '../../worker/modelProtocol.ts'
import { Failed } from '../Failed.tsx'
import { formatMegabytes } from '../format.ts'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { Markdown } from './Markdown.tsx'
import { abilityOf, canAnalyse } from './modelWords.ts'

export function AddModelDialog() {
  const offered = useWorkbench(state => state.offered)
  const dismiss = useWorkbench(state => state.dismissOffer)
  if (offered.kind === 'none') return null
  return (
    <ModalOverlay
      className="modal-overlay"
      isOpen
      isDismissable={offered.kind !== 'adding'}
      onOpenChange={isOpen => !isOpen && dismiss()}
    >
      <Modal className={offered.kind === 'ready' ? 'modal modal-wide' : 'modal'}>
        <Dialog className="dialog">
          <Heading slot="title">Add this model</Heading>
          {offered.kind === 'checking' && <Progress stage={`Checking ${offered.title}`} done={0} total={1} />}
          {offered.kind === 'adding' && <Progress stage="Keeping the model" done={0} total={1} />}
          {offered.kind === 'failed' && (
            <>
              <Failed failure={offered.failure} />
              <div className="row-end">
                <Button className="button" onPress={dismiss}>
                  Close
                </Button>
              </div>
            </>
          )}
          {offered.kind === 'ready' && <Offer offer={offered.offer} />}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function Offer({ offer: { entry, card, isHere } }: { offer: ModelOffer }) {
  const accept = useWorkbench(state => state.acceptOffer)
  const dismiss = useWorkbench(state => state.dismissOffer)
  const { title, version, identity, parent, weightBytes, isKept } = entry
  return (
    <>
      <p>
        <b>
          {title} {version}
        </b>{' '}
        <span className="badge badge-own">OWN MODEL</span>{' '}
        <span className="secondary figures">
          {identity?.slice(0, 12)}, {formatMegabytes(weightBytes)}
        </span>
      </p>
      <p className="dialog-text">
        {abilityOf(entry)} {parent && `Made from ${parent.name} ${parent.version}. `}
        It is another algorithm than the shipped model; nobody but its maker vouches for it.{' '}
        {isHere
          ? 'It is among your models already.'
          : isKept
            ? 'It will be kept in this browser and can be deleted at any time.'
            : 'This browser keeps no files for this page: it will be gone when the page is closed.'}
      </p>
      <Markdown text={card} />
      <div className="row-end">
        <Button className="button" onPress={dismiss}>
          Cancel
        </Button>
        <Button className="button" onPress={() => void accept(false)}>
          Add
        </Button>
        {canAnalyse(entry) && (
          <Button className="button primary" onPress={() => void accept(true)}>
            Add and use
          </Button>
        )}
      </div>
    </>
  )
}
