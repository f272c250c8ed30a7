// Labelled data for fine-tuning: where it comes from, what is known of its cases, which columns mean what. Voxels stay in
// the volume worker; pictures and boxes are held outside.
import { sha256 } from '../network/sha256.ts'
import { phantomBenchV1, seedsOf } from '../phantom/split.ts'
import type { CohortOptions, FinetuneTask, LabelledSummary } from '../worker/labelledProtocol.ts'
import type { PickedFile } from '../worker/protocol.ts'
import type { Job } from './job.ts'
import { createOpening } from './labelledOpening.ts'
import { reviewedFindings } from './reviewedFindings.ts'
import type { SliceOf, Workbench } from './store.ts'

export type LabelledState = Job<{ readonly data: LabelledSummary }>

export interface LabelledSlice {
  readonly labelled: LabelledState
  /** Raised when pictures of cases have come; they are in `held.training.thumbnails`. */
  readonly thumbnailSerial: number
  /** Scans whose findings are among the open cases, by the case's id in this session. */
  readonly labelledScans: readonly string[]
  openLabelledFiles(files: readonly PickedFile[]): Promise<void>
  /** The files again, with other columns or another reading of masks. */
  reopenLabelled(options: CohortOptions): Promise<void>
  openSyntheticCases(): Promise<void>
  /** The accepted (and rejected) findings of the open scan join the cases that came from findings before. */
  addReviewedFindings(classes: 'nodule' | 'malignancy'): Promise<void>
  /** Fetches the pictures of these cases, as far as they are not there. */
  showCases(indices: readonly number[]): Promise<void>
  cancelLabelled(): void
  closeLabelled(): void
}

/** Nodules enough for a short run and for cases that it has not seen. */
const SYNTHETIC_CHESTS = 8

export const openLabelledData = ({ labelled }: Pick<Workbench, 'labelled'>): LabelledSummary | undefined =>
  labelled.kind === 'done' ? labelled.data : undefined

/** Whether a task can be trained on the open cases, and if not, why. */
export function problemsOfTask(state: Pick<Workbench, 'labelled'>, task: FinetuneTask): readonly string[] {
  return openLabelledData(state)?.problems[task] ?? []
}

export const createLabelledSlice: SliceOf<LabelledSlice> = services => (set, get) => {
  const { workers, held } = services
  const opening = createOpening(services, set, get)
  let files: readonly PickedFile[] = []
  const asked = new Set<number>()

  return {
    labelled: { kind: 'none' },
    thumbnailSerial: 0,
    labelledScans: [],

    async openLabelledFiles(picked) {
      files = picked
      asked.clear()
      await opening.open({ kind: 'files', files, options: {} }, null, [])
    },

    async reopenLabelled(options) {
      asked.clear()
      await opening.open({ kind: 'files', files, options }, null, [])
    },

    async openSyntheticCases() {
      files = []
      asked.clear()
      // Seeds that no shipped model was trained on.
      const seeds = seedsOf(phantomBenchV1.test, SYNTHETIC_CHESTS)
      await opening.open({ kind: 'synthetic', seeds }, null, [])
    },

    async addReviewedFindings(classes) {
      const { openCase, labelledScans } = get()
      const scan = openCase && held.scan(openCase.id)
      const findings = reviewedFindings(get())
      if (!openCase || !scan || findings.length === 0) return
      asked.clear()
      const { volume, synthetic, dicom } = scan.series
      // Two scans of one patient must not fall on both sides of a split; who it is stays in the file.
      const patientId = dicom?.attributes.PatientID?.trim()
      const patient = patientId ? await sha256(new TextEncoder().encode(patientId)) : openCase.id
      const labels = held.prediction(openCase.id)?.labels ?? null
      const data = openLabelledData(get())
      const isNew = !labelledScans.includes(openCase.id)
      const addTo = isNew && labelledScans.length > 0 && data ? data.cohortId : null
      const scans = addTo === null ? [openCase.id] : [...labelledScans, openCase.id]
      await opening.open(
        { kind: 'findings', volume, labels, findings, scan: openCase.id, patient, synthetic, classes },
        addTo,
        scans,
      )
    },

    async showCases(indices) {
      const data = openLabelledData(get())
      const missing = indices.filter(index => !asked.has(index))
      if (!data || missing.length === 0) return
      missing.forEach(index => asked.add(index))
      // One by one: each is seen as soon as it is there.
      for (const index of missing) {
        const input = { cohortId: data.cohortId, indices: [index] }
        // A case without a picture is still a case: the list stays as it is.
        const pictures = await workers.volume.run('labelledThumbnails', input).catch(() => [])
        if (openLabelledData(get())?.cohortId !== data.cohortId) return
        pictures.forEach(picture => held.training.thumbnails.set(picture.index, picture))
        set({ thumbnailSerial: get().thumbnailSerial + 1 })
      }
    },

    cancelLabelled: () => opening.cancel(),

    closeLabelled() {
      const data = openLabelledData(get())
      if (data) void workers.volume.run('closeLabelled', { cohortId: data.cohortId })
      held.training.thumbnails.clear()
      held.training.crops = undefined
      asked.clear()
      files = []
      set({ labelled: { kind: 'none' }, labelledScans: [] })
    },
  }
}
