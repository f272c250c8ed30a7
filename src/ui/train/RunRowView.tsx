// One run of the list: its name, how far it is, how large it is, and what can be done with it.
import { EllipsisVertical, Play } from 'lucide-react'
import { useState } from 'react'
import {
  Button,
  FileTrigger,
  Input,
  Menu,
  MenuItem,
  MenuTrigger,
  Popover,
  Text,
  TextField,
} from 'react-aria-components'
import { isLive, updatesMade } from '../../state/liveRunSlice.ts'
import type { RunSummary } from '../../worker/trainProtocol.ts'
import { formatDateTime, formatMegabytes } from '../format.ts'
import { fromFileList } from '../pickFiles.ts'
import { useWorkbench } from '../useWorkbench.ts'

const KIND_WORDS = { pretrain: 'Pretraining', finetune: 'Fine-tuning' } as const

function useStateWords({ id, steps, savedSteps, isBeingWritten, problem }: RunSummary): string {
  const liveRun = useWorkbench(state => state.liveRun)
  const isDatabase = useWorkbench(state => state.storage?.place === 'database')
  if (liveRun.kind === 'going' && liveRun.id === id)
    return `${liveRun.status === 'paused' ? 'paused' : 'training'}, ${updatesMade(liveRun.rows)} of ${steps} updates`
  if (liveRun.kind === 'preparing' && liveRun.id === id) return 'starting'
  if (problem !== undefined) return 'cannot be read'
  if (isBeingWritten) {
    // Without locks of the browser a tab that was closed counts as open until its lease has ended.
    const where = isDatabase ? 'open in another tab, or left within the last minute' : 'open in another tab'
    return steps === 0 ? `${where}, starting` : `${where}, ${savedSteps} of ${steps} updates saved`
  }
  return savedSteps >= steps ? `finished, ${steps} updates` : `stopped at ${savedSteps} of ${steps} updates`
}

export function RunRowView({ run }: { run: RunSummary }) {
  const show = useWorkbench(state => state.showRun)
  const isShown = useWorkbench(state => 'id' in state.shownRun && state.shownRun.id === run.id)
  const setStage = useWorkbench(state => state.setTrainStage)
  const [isRenaming, setRenaming] = useState(false)
  const words = useStateWords(run)
  const { id, title, kind, createdAt, bytes, problem } = run
  const look = () => {
    setStage('run')
    void show(id)
  }
  return (
    <li className={isShown ? 'run selected' : 'run'}>
      {isRenaming ? (
        <Rename id={id} title={title} onEnd={() => setRenaming(false)} />
      ) : (
        <Button className="run-main" aria-pressed={isShown} onPress={look}>
          <span className="run-name">{title}</span>
          <span className="secondary figures">
            {KIND_WORDS[kind]}
            {createdAt !== '' && `, begun ${formatDateTime(createdAt)}`}, {words}, {formatMegabytes(bytes)}
          </span>
          {problem !== undefined && <span className="problem">{problem}</span>}
        </Button>
      )}
      <Continue run={run} />
      <RunMenu run={run} onRename={() => setRenaming(true)} />
    </li>
  )
}

function Rename({ id, title, onEnd }: { id: string; title: string; onEnd: () => void }) {
  const rename = useWorkbench(state => state.renameRun)
  const [name, setName] = useState(title)
  const keep = () => {
    if (name.trim() !== '' && name !== title) void rename(id, name)
    onEnd()
  }
  return (
    <TextField className="run-rename" aria-label="Name of the run" value={name} onChange={setName} autoFocus>
      <Input
        onBlur={keep}
        onKeyDown={event => {
          if (event.key === 'Enter') keep()
          else if (event.key === 'Escape') onEnd()
        }}
      />
    </TextField>
  )
}

/** A run that is not finished goes on; where volumes are missing, their files are asked for first. */
function Continue({ run }: { run: RunSummary }) {
  const isBusy = useWorkbench(isLive)
  const continueRun = useWorkbench(state => state.continueRun)
  const { id, savedSteps, steps, isBeingWritten, problem, missingVolumes } = run
  if (isBusy || isBeingWritten || problem !== undefined || savedSteps >= steps) return null
  if (missingVolumes === 0)
    return (
      <Button className="button small" onPress={() => void continueRun(id)}>
        <Play size={13} aria-hidden /> Continue
      </Button>
    )
  const take = (list: FileList | null) => {
    if (list) void continueRun(id, fromFileList(list).files)
  }
  return (
    <FileTrigger allowsMultiple onSelect={take}>
      <Button className="button small">
        <Play size={13} aria-hidden /> Choose its files
      </Button>
    </FileTrigger>
  )
}

function RunMenu({ run, onRename }: { run: RunSummary; onRename: () => void }) {
  const { compareRun, exportRun, deleteRun } = useRunActions()
  const isCompared = useWorkbench(state => state.comparedRun?.summary.id === run.id)
  const isOwn = useWorkbench(state => isLive(state) && 'id' in state.liveRun && state.liveRun.id === run.id)
  const isReadable = run.problem === undefined
  const act = (key: string) => {
    if (key === 'rename') onRename()
    else if (key === 'compare') void compareRun(isCompared ? null : run.id)
    else if (key === 'export') void exportRun(run.id)
    else if (key === 'export-bare') void exportRun(run.id, true)
    else void deleteRun(run.id)
  }
  const keepsCases = run.kind === 'finetune' && isReadable && run.missingBoxes === null
  const isLocked = isOwn || run.isBeingWritten
  const disabled = [...(isReadable ? [] : ['rename', 'compare', 'export']), ...(isLocked ? ['delete'] : [])]
  return (
    <MenuTrigger>
      <Button className="icon-button" aria-label={`More about ${run.title}`}>
        <EllipsisVertical size={15} />
      </Button>
      <Popover className="popover">
        <Menu className="menu" disabledKeys={disabled} onAction={key => act(String(key))}>
          <MenuItem id="rename">Rename</MenuItem>
          <MenuItem id="compare">{isCompared ? 'Compare no longer' : 'Compare its curves'}</MenuItem>
          <MenuItem id="export">Export as one file</MenuItem>
          {keepsCases && (
            <MenuItem id="export-bare" className="menu-described" textValue="Export without its cases">
              <Text slot="label">Export without its cases</Text>
              <Text slot="description" className="secondary">
                No image in the file. Result, history and model remain; it goes on only where the same
                labelled data is opened again.
              </Text>
            </MenuItem>
          )}
          <MenuItem id="delete">Delete</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

function useRunActions() {
  const compareRun = useWorkbench(state => state.compareRun)
  const exportRun = useWorkbench(state => state.exportRun)
  const deleteRun = useWorkbench(state => state.deleteRun)
  return { compareRun, exportRun, deleteRun }
}
