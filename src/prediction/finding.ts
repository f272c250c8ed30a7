// A finding: one nodule the network proposes, measured and scored. Plain data; what findings.json holds.
import type { OpenedSeries } from '../volume/volume.ts'

export type Texture = 'solid' | 'part-solid' | 'ground-glass'

/** World position in millimetres, [x, y, z]; the field's name says whether RAS or LPS. */
export type WorldMm = readonly [number, number, number]

export interface Finding {
  readonly id: string
  /** Centroid of the segmented voxels. */
  readonly centreRasMm: WorldMm
  readonly centreLpsMm: WorldMm
  /** Voxel count × voxel volume on the scan's own grid. */
  readonly volumeMm3: number
  /** Largest in-plane diameter over axial, coronal and sagittal planes. */
  readonly longAxisMm: number
  /** Largest diameter perpendicular to the long axis in the same plane. */
  readonly shortAxisMm: number
  readonly meanHu: number
  readonly texture: Texture
  readonly side: 'right' | 'left'
  /** Upper, middle or lower third of that lung along the body axis; no lobe is claimed. */
  readonly zone: 'upper' | 'middle' | 'lower'
  /** The network's nodule probability: mean over the nodule's voxels, 0…1. */
  readonly probability: number
  /** The classifier's probability of malignancy, 0…1; null when the model has no classifier, or one of other classes. */
  readonly malignancy: number | null
  /** The classifier's probability of each of its classes, sums to 1; null when the model has no classifier. */
  readonly classes: readonly ClassProbability[] | null
}

export interface ClassProbability {
  readonly label: string
  readonly probability: number
}

/** A model as results name it; `sha256` is its identity. */
export interface NamedModel {
  readonly name: string
  readonly version: string
  readonly sha256: string
}

export interface RunTiming {
  readonly step: string
  readonly seconds: number
}

export interface FindingsFile {
  readonly schemaVersion: 1
  readonly pipelineVersion: string
  readonly notice: string
  readonly model: NamedModel
  /** The model that searched for the nodules, where `model` only classifies. */
  readonly searchModel?: NamedModel
  readonly device: string
  readonly series: Pick<OpenedSeries, 'id' | 'description' | 'modality' | 'shape' | 'spacingMm' | 'synthetic'>
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
}
