// The model's networks as files for use elsewhere, written in the background. It stands below the analysis, so that
// what it has to say moves nothing that is being reached for.
import { ChevronDown, Download } from 'lucide-react'
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from 'react-aria-components'
import type { ModelExport } from '../../state/modelExportSlice.ts'
import type { ModelSummary } from '../../worker/protocol.ts'
import { Failed } from '../Failed.tsx'
import { formatMegabytes } from '../format.ts'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'

function networkName(network: ModelSummary['networks'][number], classes: readonly string[]): string {
  if (network === 'segment') return 'Nodule segmentation'
  return classes.includes('malignant') ? 'Malignancy' : `Classes: ${classes.join(', ')}`
}

const FORMATS = [
  { format: 'onnx', name: 'ONNX', what: 'runs in any ONNX runtime' },
  { format: 'safetensors', name: 'safetensors', what: 'weights alone, float32' },
] as const

export function TakeModelAway({ model }: { model: ModelSummary }) {
  const modelExport = useWorkbench(state => state.modelExport)
  const isAnalysing = useWorkbench(state => state.prediction.kind === 'running')
  const take = useWorkbench(state => state.takeModelAway)
  const isBusy = isAnalysing || modelExport.kind === 'running'
  return (
    <>
      <MenuTrigger>
        <Button className="button small take-away" isDisabled={isBusy}>
          <Download size={14} aria-hidden /> Take the model away <ChevronDown size={13} aria-hidden />
        </Button>
        <Popover className="popover">
          <Menu className="menu" aria-label="Take the model away">
            {model.networks.map(network => (
              <MenuSection key={network}>
                <Header className="menu-header">{networkName(network, model.classes)}</Header>
                {FORMATS.map(({ format, name, what }) => (
                  <MenuItem
                    key={format}
                    id={`${network}.${format}`}
                    textValue={name}
                    onAction={() => void take(network, format)}
                  >
                    {name} <span className="secondary">{what}</span>
                  </MenuItem>
                ))}
              </MenuSection>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
      <Outcome modelExport={modelExport} />
    </>
  )
}

function Outcome({ modelExport }: { modelExport: ModelExport }) {
  const cancel = useWorkbench(state => state.cancelModelExport)
  if (modelExport.kind === 'failed') return <Failed failure={modelExport.failure} />
  if (modelExport.kind === 'running')
    return (
      <>
        <Progress {...modelExport.progress} />
        <Button className="button small" onPress={cancel}>
          Cancel the export
        </Button>
      </>
    )
  if (modelExport.kind === 'none') return null
  return (
    <p className="secondary" role="status">
      {modelExport.fileName}, {formatMegabytes(modelExport.bytes)}, is in your downloads. Research use — not
      for clinical use.
    </p>
  )
}
