// One model in the list: what it is, where it comes from, what may be done with it.
import { ChevronDown } from 'lucide-react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import type { ModelEntry } from '../../worker/modelProtocol.ts'
import { modelOfIdentity } from '../../state/modelsSlice.ts'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
import { abilityOf, canAnalyse, kindOf } from './modelWords.ts'

interface ModelItemProps {
  readonly model: ModelEntry
  readonly isChosen: boolean
  readonly onCard: () => void
  readonly onRename: () => void
}

export function ModelItem({ model, isChosen, onCard, onRename }: ModelItemProps) {
  const { title, version, identity, origin, isKept } = model
  const { useModel: choose } = useWorkbenchStore().getState()
  const hasMadeFindings = useWorkbench(
    ({ prediction }) => prediction.kind === 'done' && prediction.summary.file.model.sha256 === identity,
  )
  const uses = [
    ...(isChosen ? ['Analyses'] : []),
    ...(hasMadeFindings ? ['made the findings on screen'] : []),
  ].join(', ')
  return (
    <li className={isChosen ? 'model chosen' : 'model'} aria-label={`${title} ${version}`}>
      <span className="model-head">
        <b>
          {title} {version}
        </b>
        <span className={origin === 'own' ? 'badge badge-own' : 'badge'}>{kindOf(model)}</span>
      </span>
      <span className="secondary">{abilityOf(model)}</span>
      <Parent model={model} />
      <span className="secondary figures" title={identity ?? undefined}>
        {identity?.slice(0, 12) ?? 'identity not stated'}
        {uses && <b className="model-use"> {uses}</b>}
      </span>
      {!isKept && (
        <span className="secondary">This browser keeps no files here: gone when the page is closed.</span>
      )}
      <span className="model-actions">
        {canAnalyse(model) && (
          <Button className="button small" isDisabled={isChosen} onPress={() => void choose(model.source)}>
            {isChosen ? 'In use' : 'Use'}
          </Button>
        )}
        <Button className="button small" onPress={onCard}>
          Card
        </Button>
        <More model={model} onRename={onRename} />
      </span>
    </li>
  )
}

function Parent({ model: { parent } }: { model: ModelEntry }) {
  const models = useWorkbench(state => state.models)
  if (!parent) return null
  const isHere = modelOfIdentity(models, parent.identity) !== undefined
  return (
    <span className="secondary">
      Made from {parent.name} {parent.version} <span className="figures">{parent.identity.slice(0, 12)}</span>
      {isHere ? '' : ', which is not here'}
    </span>
  )
}

const NETWORK_NAMES = { segment: 'segmentation', classify: 'classifier' } as const

function More({ model, onRename }: { model: ModelEntry; onRename: () => void }) {
  const { packModel, takeModelAway, deleteModel } = useWorkbenchStore().getState()
  const networks = model.networks.flatMap(({ task }) => (task === 'pretrain' ? [] : [task]))
  const isOwn = model.origin === 'own' && model.identity !== null
  return (
    <MenuTrigger>
      <Button className="button small" aria-label={`More for ${model.title} ${model.version}`}>
        More <ChevronDown size={13} aria-hidden />
      </Button>
      <Popover className="popover">
        <Menu className="menu" aria-label="What to do with the model">
          <MenuItem textValue="Take away as zip" onAction={() => void packModel(model)}>
            Take away as zip <span className="secondary">weights, model.json, card</span>
          </MenuItem>
          {networks.map(task => (
            <MenuItem
              key={task}
              textValue={`ONNX, ${NETWORK_NAMES[task]}`}
              onAction={() => void takeModelAway(task, 'onnx', model.source)}
            >
              ONNX, {NETWORK_NAMES[task]} <span className="secondary">runs in any ONNX runtime</span>
            </MenuItem>
          ))}
          {isOwn && <MenuItem onAction={onRename}>Rename</MenuItem>}
          {isOwn && <MenuItem onAction={() => void deleteModel(model)}>Delete</MenuItem>}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
