// The open case: what the file says, warnings, its other series, and the way to another case.
import { TriangleAlert } from 'lucide-react'
import { Button } from 'react-aria-components'
import type { SeriesSummary } from '../../volume/volume.ts'
import { formatHuRange, formatMm, formatShape, formatSpacing } from '../format.ts'
import { ModelsSection } from '../models/ModelsSection.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { DEMO_CASES } from '../../state/demoCases.ts'
import { OpenButtons } from './Landing.tsx'

/** NIfTI, NRRD and MetaImage do not say how the image was made; nothing is claimed then. */
function describeFormat({ modality, format }: Pick<SeriesSummary, 'modality' | 'format'>): string {
  return modality === 'unknown' ? FORMAT_NAMES[format] : `${modality}, ${FORMAT_NAMES[format]}`
}

export function CasePanel() {
  const openCase = useWorkbench(state => state.openCase)
  const openDemo = useWorkbench(state => state.openDemo)
  if (!openCase) return null
  const { series, siblings, listingId, notes } = openCase
  const warnings = [...series.warnings, ...notes]
  const others = siblings.filter(one => one.id !== series.id && one.problem === undefined)
  return (
    <aside className="panel case-panel" aria-label="Case">
      <section>
        <h2>Series</h2>
        <p className="series-name">{series.description || 'Without description'}</p>
        <dl className="facts">
          <Fact name="Format" value={describeFormat(series)} />
          <Fact name="Voxels" value={formatShape(series.shape)} />
          <Fact name="Spacing" value={formatSpacing(series.spacingMm)} />
          {series.sliceThicknessMm !== undefined && (
            <Fact name="Thickness" value={formatMm(series.sliceThicknessMm)} />
          )}
          {series.kernel && <Fact name="Kernel" value={series.kernel} />}
          <Fact name="Range" value={formatHuRange(series.hu)} />
          {series.paddedVoxels > 0 && (
            <Fact name="Padding" value={`${paddedPercent(series)} outside the field of view`} />
          )}
        </dl>
      </section>
      {warnings.length > 0 && (
        <section aria-label="Warnings">
          {warnings.map(warning => (
            <p key={warning} className="warning">
              <TriangleAlert size={14} aria-hidden /> <span>{warning}</span>
            </p>
          ))}
        </section>
      )}
      {others.length > 0 && <OtherSeries others={others} listingId={listingId} />}
      <ModelsSection />
      <section className="panel-foot">
        <h2>Open another</h2>
        <OpenButtons />
        <div className="choice-buttons">
          {DEMO_CASES.map(demo => (
            <Button key={demo.title} className="button small" onPress={() => void openDemo(demo)}>
              {demo.title}
            </Button>
          ))}
        </div>
      </section>
    </aside>
  )
}

function OtherSeries({ others, listingId }: { others: readonly SeriesSummary[]; listingId: number }) {
  const choose = useWorkbench(state => state.chooseSeries)
  return (
    <section>
      <h2>Other series</h2>
      {others.map(one => (
        <Button key={one.id} className="list-button" onPress={() => void choose(listingId, one.id)}>
          <span>{one.description || 'Without description'}</span>
          <span className="secondary figures">
            {one.shape[0]} × {formatMm(one.sliceThicknessMm ?? one.spacingMm[0])}
          </span>
        </Button>
      ))}
    </section>
  )
}

const FORMAT_NAMES = {
  dicom: 'DICOM',
  nifti: 'NIfTI',
  nrrd: 'NRRD',
  metaimage: 'MetaImage',
  phantom: 'phantom',
} as const

function paddedPercent({ paddedVoxels, shape }: { paddedVoxels: number; shape: readonly number[] }): string {
  const percent = (100 * paddedVoxels) / (shape[0] * shape[1] * shape[2])
  return percent < 1 ? '< 1 %' : `${Math.round(percent)} %`
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="figures">{value}</dd>
    </div>
  )
}
