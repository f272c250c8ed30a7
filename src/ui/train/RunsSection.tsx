// The runs of this browser: look, continue, compare, rename, export, delete; import; how much room they take.
import { FileUp, Undo2, X } from 'lucide-react'
import { Button, FileTrigger } from 'react-aria-components'
import { Failed } from '../Failed.tsx'
import { formatMegabytes } from '../format.ts'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { RunRowView } from './RunRowView.tsx'

export function RunsSection() {
  const runs = useWorkbench(state => state.runs)
  const areKnown = useWorkbench(state => state.areRunsKnown)
  return (
    <>
      <LibraryMessages />
      {!areKnown && <p className="secondary">Reading the list…</p>}
      {areKnown && runs.length === 0 && (
        <p className="empty">No run yet. Set one up below, or import one that was exported as a file.</p>
      )}
      {runs.length > 0 && (
        <ul className="runs" aria-label="Runs">
          {runs.map(run => (
            <RunRowView key={run.id} run={run} />
          ))}
        </ul>
      )}
      <ImportRun />
      <Room />
    </>
  )
}

function LibraryMessages() {
  const failure = useWorkbench(state => state.libraryFailure)
  const work = useWorkbench(state => state.libraryWork)
  const deleted = useWorkbench(state => state.deletedRun)
  const undo = useWorkbench(state => state.undoDelete)
  const dismiss = useWorkbench(state => state.dismissLibraryFailure)
  return (
    <>
      {work && <Progress {...work} />}
      {failure && (
        <div className="library-failure">
          <Failed failure={failure} />
          <Button className="icon-button" aria-label="Close this message" onPress={dismiss}>
            <X size={14} />
          </Button>
        </div>
      )}
      {deleted && (
        <p className="undo" role="status">
          <span>“{deleted.title}” is deleted.</span>
          <Button className="button small" onPress={() => void undo()}>
            <Undo2 size={13} aria-hidden /> Undo
          </Button>
        </p>
      )}
    </>
  )
}

function ImportRun() {
  const importRun = useWorkbench(state => state.importRun)
  const take = (list: FileList | null) => {
    if (list?.[0]) void importRun(list[0])
  }
  return (
    <FileTrigger acceptedFileTypes={['.zip']} onSelect={take}>
      <Button className="button small">
        <FileUp size={13} aria-hidden /> Import a run
      </Button>
    </FileTrigger>
  )
}

/** What this page keeps in the browser, and the one place where kept volumes are deleted. */
function Room() {
  const storage = useWorkbench(state => state.storage)
  const deleteKept = useWorkbench(state => state.deleteKeptVolumes)
  const keepStorage = useWorkbench(state => state.keepStorage)
  if (!storage) return null
  const { runsBytes, quotaBytes, usedBytes, kept, isPersistent, place } = storage
  const room =
    quotaBytes === null || usedBytes === null
      ? ''
      : ` of about ${formatMegabytes(quotaBytes - usedBytes)} that are free`
  return (
    <div className="run-room" role="group" aria-label="Storage">
      <p className="secondary">
        Runs take {runsBytes === 0 ? 'no room' : formatMegabytes(runsBytes)}
        {room}.
        {place === 'database' &&
          ' This page was served without https, so they lie in the browser’s database.'}
      </p>
      <div className="choice-buttons at-start">
        {kept.volumes > 0 && (
          <Button className="button small" onPress={() => void deleteKept()}>
            Delete {kept.volumes} kept volume{kept.volumes === 1 ? '' : 's'} ({formatMegabytes(kept.bytes)})
          </Button>
        )}
        {!isPersistent && runsBytes > 0 && quotaBytes !== null && (
          <Button className="button small" onPress={() => void keepStorage()}>
            Ask the browser to keep them
          </Button>
        )}
      </div>
    </div>
  )
}
