// Which model is looked into, and whose eyes: student or momentum teacher.
import { ChevronDown, FolderOpen } from 'lucide-react'
import { Button, FileTrigger, Menu, MenuItem, MenuTrigger, Popover, type Key } from 'react-aria-components'
import { openLabNetwork } from '../../state/labSlice.ts'
import { sourceKey } from '../../worker/sourceKey.ts'
import { Failed } from '../Failed.tsx'
import { OptionRow } from '../OptionRow.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'

const NETWORK_NAMES = {
  segment: 'Segmentation',
  classify: 'Classifier',
  pretrain: 'Pretraining',
} as const

export function ModelSection() {
  return (
    <>
      <OpenModel />
      <ModelChoice />
    </>
  )
}

function OpenModel() {
  const labModel = useWorkbench(state => state.labModel)
  if (labModel.kind === 'failed') return <Failed failure={labModel.failure} />
  if (labModel.kind !== 'ready')
    return (
      <Progress
        {...(labModel.kind === 'opening' ? labModel.progress : { stage: 'Waiting', done: 0, total: 1 })}
      />
    )
  const { title, version, identity } = labModel.model
  return (
    <>
      <p>
        {title} {version} <span className="secondary figures">{identity.slice(0, 12)}</span>
      </p>
      <NetworkChoice />
      <RoleChoice />
    </>
  )
}

/** Another model of the list, or one's own files. */
function ModelChoice() {
  const source = useWorkbench(state => state.labSource)
  const { openLabModel, openLabFiles } = useWorkbenchStore().getState()
  const models = useWorkbench(state => state.models) ?? []
  const choose = (key: Key) => {
    const chosen = models.find(one => sourceKey(one.source) === key)
    if (chosen) void openLabModel(chosen.source)
  }
  const open = (list: FileList | null) => {
    const files = [...(list ?? [])]
    void openLabFiles(
      files,
      files.map(file => file.name),
    )
  }
  return (
    <div className="save-row">
      {models.length > 1 && (
        <MenuTrigger>
          <Button className="button small">
            Another model <ChevronDown size={13} aria-hidden />
          </Button>
          <Popover className="popover">
            <Menu
              className="menu"
              selectionMode="single"
              selectedKeys={[sourceKey(source)]}
              onAction={choose}
            >
              {models.map(({ source: one, origin, title, version }) => (
                <MenuItem key={sourceKey(one)} id={sourceKey(one)} textValue={`${title} ${version}`}>
                  {title} {version} {origin === 'own' && <span className="secondary">own</span>}
                </MenuItem>
              ))}
            </Menu>
          </Popover>
        </MenuTrigger>
      )}
      <FileTrigger allowsMultiple acceptedFileTypes={['.json', '.safetensors']} onSelect={open}>
        <Button className="button small">
          <FolderOpen size={13} aria-hidden /> Open a model’s files
        </Button>
      </FileTrigger>
    </div>
  )
}

function NetworkChoice() {
  const labModel = useWorkbench(state => state.labModel)
  const chosen = useWorkbench(state => state.labNetwork)
  const choose = useWorkbench(state => state.chooseLabNetwork)
  if (labModel.kind !== 'ready' || labModel.model.networks.length < 2) return null
  const networks = labModel.model.networks.map(({ task }, id) => ({ id, name: NETWORK_NAMES[task] }))
  return <OptionRow name="Network" value={chosen} options={networks} set={choose} />
}

const ROLES = [
  { id: 'student', name: 'Student' },
  { id: 'teacher', name: 'Teacher' },
] as const

function RoleChoice() {
  const network = useWorkbench(openLabNetwork)
  const role = useWorkbench(state => state.labRole)
  const setRole = useWorkbench(state => state.setLabRole)
  if (!network) return null
  if (!network.hasTeacher)
    return (
      <p className="secondary">
        {network.task === 'pretrain'
          ? 'This model brings the student alone. One that is kept of a pretraining in Train has its teacher too.'
          : `${NETWORK_NAMES[network.task]} network: one set of weights. Only models of a pretraining have a student and a teacher.`}
      </p>
    )
  return <OptionRow name="Whose attention" value={role} options={ROLES} set={setRole} />
}
