// The models of the installation and the user's own: which one analyses, and what can be done with each.
import { Plus, Undo2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button, FileTrigger } from 'react-aria-components'
import type { ModelEntry } from '../../worker/modelProtocol.ts'
import { isSameModel } from '../../state/modelsSlice.ts'
import { Failed } from '../Failed.tsx'
import { fromFileList } from '../pickFiles.ts'
import { Progress } from '../Progress.tsx'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
import { CardDialog } from './CardDialog.tsx'
import { ModelItem } from './ModelItem.tsx'
import { RenameDialog } from './RenameDialog.tsx'

/** What is shown about a model above the page. */
type Shown = { readonly dialog: 'card' | 'rename'; readonly model: ModelEntry } | undefined

export function ModelsSection() {
  const models = useWorkbench(state => state.models)
  const chosen = useWorkbench(state => state.chosenModel)
  const problems = useWorkbench(state => state.modelProblems)
  const { listModels } = useWorkbenchStore().getState()
  const [shown, show] = useState<Shown>()
  useEffect(() => void listModels(), [listModels])
  return (
    <section aria-label="Models">
      <h2>Models</h2>
      {models && (
        <ul className="models">
          {models.map(model => (
            <ModelItem
              key={model.identity ?? model.name}
              model={model}
              isChosen={isSameModel(model.source, chosen)}
              onCard={() => show({ dialog: 'card', model })}
              onRename={() => show({ dialog: 'rename', model })}
            />
          ))}
        </ul>
      )}
      {problems.map(problem => (
        <p key={problem} className="warning">
          {problem}
        </p>
      ))}
      <Work />
      <Ways />
      {shown?.dialog === 'card' && <CardDialog model={shown.model} onClose={() => show(undefined)} />}
      {shown?.dialog === 'rename' && <RenameDialog model={shown.model} onClose={() => show(undefined)} />}
    </section>
  )
}

function Work() {
  const work = useWorkbench(state => state.modelWork)
  if (work.kind === 'failed') return <Failed failure={work.failure} />
  // Listing is quick; a line that comes and goes would move what is being reached for.
  if (work.kind === 'running' && !work.what.startsWith('Listing'))
    return <Progress stage={work.what} done={0} total={1} />
  return null
}

/** Adding one, going back to the shipped one, bringing back what was deleted. */
function Ways() {
  const chosen = useWorkbench(state => state.chosenModel)
  const deleted = useWorkbench(state => state.deletedModel)
  const { offerModelFiles, openFiles, backToShipped, restoreModel } = useWorkbenchStore().getState()
  const add = async (list: FileList | null) => {
    if (!list) return
    const { files, title } = fromFileList(list)
    if (!(await offerModelFiles(files, title))) await openFiles(files, title)
  }
  return (
    <>
      {deleted && (
        <p className="secondary" role="status">
          {deleted.title} {deleted.version} was deleted.{' '}
          <Button className="text-button" onPress={() => void restoreModel()}>
            <Undo2 size={13} aria-hidden /> Bring it back
          </Button>
        </p>
      )}
      <div className="choice-buttons at-start">
        {chosen.kind !== 'installed' && (
          <Button className="button small" onPress={() => void backToShipped()}>
            <Undo2 size={13} aria-hidden /> Back to the shipped model
          </Button>
        )}
        <FileTrigger
          allowsMultiple
          acceptedFileTypes={['.json', '.safetensors', '.md', '.zip']}
          onSelect={list => void add(list)}
        >
          <Button className="button small">
            <Plus size={13} aria-hidden /> Add a model’s files
          </Button>
        </FileTrigger>
      </div>
    </>
  )
}
