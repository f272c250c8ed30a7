// Where labelled cases come from: files, the reader's own findings, or synthetic nodules to try it.
import { Files, FolderOpen, X } from 'lucide-react'
import { useMemo } from 'react'
import { Button, FileTrigger } from 'react-aria-components'
import { reviewedFindings } from '../../../state/reviewedFindings.ts'
import { fromFileList } from '../../pickFiles.ts'
import { useWorkbench } from '../../useWorkbench.ts'

export function DataSources() {
  const openFiles = useWorkbench(state => state.openLabelledFiles)
  const openSynthetic = useWorkbench(state => state.openSyntheticCases)
  const close = useWorkbench(state => state.closeLabelled)
  const isOpen = useWorkbench(state => state.labelled.kind === 'done')
  const open = (list: FileList | null) => {
    if (list) void openFiles(fromFileList(list).files)
  }
  return (
    <>
      <div className="export-row">
        <FileTrigger acceptDirectory onSelect={open}>
          <Button className={isOpen ? 'button small' : 'button'}>
            <FolderOpen size={14} aria-hidden /> {isOpen ? 'Another folder' : 'Choose a folder'}
          </Button>
        </FileTrigger>
        <FileTrigger allowsMultiple onSelect={open}>
          <Button className={isOpen ? 'button small' : 'button'}>
            <Files size={14} aria-hidden /> Files or a zip
          </Button>
        </FileTrigger>
        {isOpen ? (
          <Button className="button small" onPress={close}>
            <X size={14} aria-hidden /> Close the data
          </Button>
        ) : (
          <Button className="button" onPress={() => void openSynthetic()}>
            Try with synthetic nodules
          </Button>
        )}
      </div>
      <FindingsAsCases />
    </>
  )
}

/** Accepted findings of the open scan with what the reader called them; rejected ones are what a nodule is not. */
function FindingsAsCases() {
  const prediction = useWorkbench(state => state.prediction)
  const verdicts = useWorkbench(state => state.verdicts)
  const readerLabels = useWorkbench(state => state.readerLabels)
  const findings = useMemo(
    () => reviewedFindings({ prediction, verdicts, readerLabels }),
    [prediction, verdicts, readerLabels],
  )
  const caseId = useWorkbench(state => state.openCase?.id)
  const scans = useWorkbench(state => state.labelledScans)
  const add = useWorkbench(state => state.addReviewedFindings)
  if (findings.length === 0 || caseId === undefined) return null
  const accepted = findings.filter(({ verdict }) => verdict === 'accepted')
  const rated = accepted.filter(({ malignancy }) => malignancy !== null).length
  const more = scans.length > 0 && !scans.includes(caseId)
  return (
    <div className="findings-as-cases">
      <p className="secondary">
        This scan: {accepted.length} accepted ({rated} with your label), {findings.length - accepted.length}{' '}
        rejected.
      </p>
      <div className="export-row">
        <Button className="button small" onPress={() => void add('nodule')}>
          {more ? 'Add its findings' : 'Use its findings'}
        </Button>
        <Button className="button small" isDisabled={rated === 0} onPress={() => void add('malignancy')}>
          {more ? 'Add benign and malignant' : 'Use benign and malignant'}
        </Button>
      </div>
    </div>
  )
}
