// Which scans are clustered together: the open one, and others that are read beside it without closing it.
import { useState } from 'react'
import { Files, FolderOpen, Pin, Plus, X } from 'lucide-react'
import { Button, FileTrigger } from 'react-aria-components'
import { DEMO_CASES } from '../../state/demoCases.ts'
import { mostOthers, type FeatureScan } from '../../state/featureScansSlice.ts'
import { networkKey, scansBeside } from '../../state/gatherTokens.ts'
import type { EncoderChoice } from '../../worker/insightProtocol.ts'
import { fromFileList } from '../pickFiles.ts'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
import { useHeld } from './useHeld.ts'
import { WholeNumber } from './WholeNumber.tsx'

interface FeatureScansProps {
  readonly encoder: EncoderChoice | undefined
  readonly isDisabled: boolean
}

export function FeatureScans({ encoder, isDisabled }: FeatureScansProps) {
  const openCase = useWorkbench(state => state.openCase)
  const scans = useWorkbench(state => state.featureScans)
  return (
    <div role="group" aria-label="Scans that are clustered together" className="scan-group">
      <ul className="scan-list" aria-label="Scans">
        {openCase && (
          <li>
            <span className="scan-name">
              {openCase.title} <span className="secondary">the open scan</span>
            </span>
            <KeepButton isDisabled={isDisabled} />
          </li>
        )}
        {scans
          .filter(({ id }) => id !== openCase?.id)
          .map(scan => (
            <ScanRow key={scan.id} scan={scan} encoder={encoder} isDisabled={isDisabled} />
          ))}
      </ul>
      {scans.length < mostOthers ? (
        <AddScans isDisabled={isDisabled} />
      ) : (
        <p className="secondary">At most {mostOthers} scans beside the open one: remove one for another.</p>
      )}
    </div>
  )
}

/** For when another scan is opened: the features stay, the images do not. */
function KeepButton({ isDisabled }: { isDisabled: boolean }) {
  const held = useHeld()
  // Features are there once the scan was clustered.
  useWorkbench(state => state.features)
  const id = useWorkbench(state => state.openCase?.id)
  const isKept = useWorkbench(state => state.featureScans.some(one => one.id === id))
  const isFull = useWorkbench(state => state.featureScans.length >= mostOthers)
  const { keepOpenScan, removeFeatureScan } = useWorkbenchStore().getState()
  if (id === undefined || !held.insight.tokens.has(id)) return null
  return (
    <Button
      className="button small"
      aria-pressed={isKept}
      isDisabled={isDisabled || (isFull && !isKept)}
      onPress={() => (isKept ? removeFeatureScan(id) : keepOpenScan())}
    >
      <Pin size={13} aria-hidden /> {isKept ? 'Kept for the next scan' : 'Keep for the next scan'}
    </Button>
  )
}

interface ScanRowProps extends FeatureScansProps {
  readonly scan: FeatureScan
}

function ScanRow({ scan, encoder, isDisabled }: ScanRowProps) {
  const held = useHeld()
  const store = useWorkbenchStore()
  useWorkbench(state => state.featureSettings)
  const state = store.getState()
  const takesPart =
    !encoder ||
    scansBeside(state, held.insight.tokens, networkKey(state, encoder)).some(({ id }) => id === scan.id)
  return (
    <li>
      <span className="scan-name">
        {scan.title}
        <span className="secondary">{takesPart ? describeOrigin(scan) : READ_OTHERWISE}</span>
      </span>
      <Button
        className="icon-button"
        aria-label={`Remove ${scan.title}`}
        isDisabled={isDisabled}
        onPress={() => state.removeFeatureScan(scan.id)}
      >
        <X size={14} />
      </Button>
    </li>
  )
}

const READ_OTHERWISE =
  'left out: its features are of another encoder or stage, and its images are closed; open it to read them again'

function describeOrigin({ origin }: FeatureScan): string {
  if (origin.kind === 'kept') return 'its features are kept, its images are closed'
  return origin.kind === 'phantom' ? 'synthetic, made from its seed' : 'read from its files, then closed'
}

const lastSeed = 999_999

function AddScans({ isDisabled }: { isDisabled: boolean }) {
  const { addScanFiles, addPhantomScan } = useWorkbenchStore().getState()
  const demoId = useWorkbench(state => state.openCase?.demoId)
  const [seed, setSeed] = useState(() => DEMO_CASES.find(({ id }) => id !== demoId)?.seed ?? 1)
  const pick = (list: FileList | null) => {
    if (!list) return
    const { files, title } = fromFileList(list)
    addScanFiles(files, title)
  }
  const addSynthetic = () => {
    addPhantomScan(seed)
    setSeed(Math.min(lastSeed, seed + 1))
  }
  return (
    <>
      <div className="export-row">
        <FileTrigger allowsMultiple onSelect={pick}>
          <Button className="button small" isDisabled={isDisabled}>
            <Files size={13} aria-hidden /> Add files
          </Button>
        </FileTrigger>
        <FileTrigger acceptDirectory onSelect={pick}>
          <Button className="button small" isDisabled={isDisabled}>
            <FolderOpen size={13} aria-hidden /> Add a folder
          </Button>
        </FileTrigger>
      </div>
      <div className="export-row">
        <WholeNumber
          label="Seed"
          value={seed}
          low={0}
          high={lastSeed}
          isDisabled={isDisabled}
          set={setSeed}
        />
        <Button className="button small" isDisabled={isDisabled} onPress={addSynthetic}>
          <Plus size={13} aria-hidden /> Add a synthetic chest
        </Button>
      </div>
    </>
  )
}
