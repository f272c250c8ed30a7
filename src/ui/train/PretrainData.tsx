// What a pretraining learns from, and whether this browser may keep a copy of it.
import { Files, FolderOpen, X } from 'lucide-react'
import { Button, Checkbox, FileTrigger } from 'react-aria-components'
import type { ReactNode } from 'react'
import { usesVolumes } from '../../state/pretrainSlice.ts'
import { formatMegabytes } from '../format.ts'
import { fromFileList } from '../pickFiles.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { KeepChoice } from './KeepChoice.tsx'

export function PretrainData() {
  const sources = useWorkbench(state => state.pretrainSources)
  const change = useWorkbench(state => state.changePretrainSources)
  const openCase = useWorkbench(state => state.openCase)
  const asksToKeep = useWorkbench(usesVolumes)
  return (
    <div role="group" aria-label="Data to learn from" className="train-data">
      <Check isSelected={sources.phantoms} onChange={phantoms => change({ phantoms })}>
        Synthetic chests, made from seeds
      </Check>
      {openCase && (
        <Check isSelected={sources.openScan} onChange={openScan => change({ openScan })}>
          The open scan: {openCase.title}
        </Check>
      )}
      <PickedFiles />
      {asksToKeep && <KeepVolumes />}
    </div>
  )
}

interface CheckProps {
  readonly isSelected: boolean
  readonly onChange: (isSelected: boolean) => void
  readonly children: ReactNode
}

function Check({ isSelected, onChange, children }: CheckProps) {
  return (
    <Checkbox className="check" isSelected={isSelected} onChange={onChange}>
      <span className="check-box" aria-hidden />
      <span>{children}</span>
    </Checkbox>
  )
}

function PickedFiles() {
  const files = useWorkbench(state => state.pretrainSources.files)
  const change = useWorkbench(state => state.changePretrainSources)
  const add = (list: FileList | null) => {
    if (list) change({ files: [...files, ...fromFileList(list).files] })
  }
  return (
    <>
      <div className="choice-buttons at-start">
        <FileTrigger allowsMultiple onSelect={add}>
          <Button className="button small">
            <Files size={13} aria-hidden /> Add scans
          </Button>
        </FileTrigger>
        <FileTrigger acceptDirectory onSelect={add}>
          <Button className="button small">
            <FolderOpen size={13} aria-hidden /> Add a folder
          </Button>
        </FileTrigger>
        {files.length > 0 && (
          <Button className="button small" onPress={() => change({ files: [] })}>
            <X size={13} aria-hidden /> Without{' '}
            {files.length === 1 ? 'the file' : `the ${files.length} files`}
          </Button>
        )}
      </div>
      {files.length > 0 && <p className="secondary">{describeFiles(files.map(({ file }) => file.size))}</p>}
    </>
  )
}

function describeFiles(sizes: readonly number[]): string {
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  const what = sizes.length === 1 ? 'One file' : `${sizes.length} files`
  return `${what}, ${formatMegabytes(bytes)}. Every series among them is a volume to learn from.`
}

/** Asked before the run begins; nothing is kept without an answer. */
function KeepVolumes() {
  const keeps = useWorkbench(state => state.pretrainSources.keepsVolumes)
  const change = useWorkbench(state => state.changePretrainSources)
  const scan = useWorkbench(state => (state.pretrainSources.openScan ? state.openCase : null))
  const bytes = scan ? scan.series.shape.reduce((product, side) => product * side, 2) : 0
  const size = bytes > 0 ? `, ${formatMegabytes(bytes)} for the open scan` : ', two bytes a voxel'
  return (
    <KeepChoice
      keeps={keeps}
      onChange={keepsVolumes => change({ keepsVolumes })}
      question="When the run goes on after a reload, it needs its volumes again:"
      keep={`Keep a copy in this browser: voxels and grid only, no name${size}; deleted with the run, or under Runs`}
      ask="Ask for the same files again; they are recognised by their content"
    />
  )
}
