// Everything that leaves the lab, as files, and the view itself as a file or link that restores it.
import { Download, FolderOpen, Link } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode, RefObject } from 'react'
import { Button, FileTrigger } from 'react-aria-components'
import { openLabNetwork } from '../../state/labSlice.ts'
import { Failed } from '../Failed.tsx'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
import type { CtViewer } from '../viewer/ctViewer.ts'
import { useLabPictures } from './useLabPictures.ts'
import { useAttention } from './useLab.ts'

export function TakeAwaySection({ viewer }: { viewer: RefObject<CtViewer | null> }) {
  const attention = useAttention()
  const failure = useWorkbench(state => state.labExportFailure)
  const hasReconstruction = useWorkbench(state => state.reconstruction.kind === 'done')
  const canReconstruct = useWorkbench(state => openLabNetwork(state)?.canReconstruct === true)
  const { saveAttentionMap, saveMaskMap, saveReconstruction, saveTokenTable, saveErrorTable } =
    useWorkbenchStore().getState()
  const pictures = useLabPictures(viewer)
  if (!attention) return <p className="secondary">There is nothing to take away yet.</p>
  return (
    <>
      <Row name="Views">
        <Save name="views.png" save={pictures.saveViews} />
      </Row>
      <Row name="Attention">
        <Save name="map.nii.gz" label="Attention map as NIfTI" save={saveAttentionMap} />
        <Save name="tokens.csv" label="Tokens as CSV" save={saveTokenTable} />
      </Row>
      <Row name="Masks">
        <Save name="masks.png" save={pictures.saveMasks} />
        <Save name="mask.nii.gz" label="Mask as NIfTI" save={saveMaskMap} />
      </Row>
      {canReconstruct && (
        <Row name="Recon.">
          <Save
            name="png"
            label="Reconstruction as PNG"
            isOff={!hasReconstruction}
            save={pictures.saveReconstruction}
          />
          <Save
            name="nii.gz"
            label="Reconstruction as NIfTI"
            isOff={!hasReconstruction}
            save={saveReconstruction}
          />
          <Save name="csv" label="Reconstruction as CSV" isOff={!hasReconstruction} save={saveErrorTable} />
        </Row>
      )}
      {failure && <Failed failure={failure} />}
      <ViewLinks />
      <p className="secondary small-print">
        Research use — not for clinical use. Files and links hold no name and no image of a patient’s scan,
        except PNG and NIfTI, which show it.
      </p>
    </>
  )
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="save-row">
      <span className="secondary">{name}</span>
      {children}
    </div>
  )
}

interface SaveProps {
  readonly name: string
  readonly label?: string
  readonly isOff?: boolean
  readonly save: () => void | Promise<void>
}

function Save({ name, label, isOff, save }: SaveProps) {
  return (
    <Button
      className="button small"
      aria-label={label ?? name}
      isDisabled={isOff}
      onPress={() => void save()}
    >
      <Download size={13} aria-hidden /> {name}
    </Button>
  )
}

function ViewLinks() {
  const { saveView, linkHash, openViewFile } = useWorkbenchStore().getState()
  const [said, setSaid] = useState('')
  const copy = () => {
    const hash = linkHash()
    if (!hash) return
    // The address bar holds it too, where a browser forbids the clipboard.
    history.replaceState(null, '', hash)
    void navigator.clipboard?.writeText(location.href).then(
      () => setSaid('The link is copied, and in the address bar.'),
      () => setSaid('The link is in the address bar.'),
    )
  }
  return (
    <>
      <Row name="This view">
        <Save name="view.json" save={saveView} />
        <Button className="button small" onPress={copy}>
          <Link size={13} aria-hidden /> Link
        </Button>
        <FileTrigger acceptedFileTypes={['.json']} onSelect={list => list?.[0] && void openViewFile(list[0])}>
          <Button className="button small">
            <FolderOpen size={13} aria-hidden /> Open a view
          </Button>
        </FileTrigger>
      </Row>
      {said && (
        <p className="secondary" role="status">
          {said}
        </p>
      )}
      <ViewNotices />
    </>
  )
}

/** What came of restoring a view. */
export function ViewNotices() {
  const failure = useWorkbench(state => state.viewFailure)
  const remarks = useWorkbench(state => state.viewRemarks)
  return (
    <>
      {failure && <Failed failure={failure} />}
      {remarks.map(remark => (
        <p key={remark} className="warning">
          {remark}
        </p>
      ))}
    </>
  )
}
