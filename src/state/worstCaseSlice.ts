// From a case that a model got wrong to its scan: opened at the nodule, with its truth and the model's outline over it. Cases
// are told by their content, so that the same labelled data, opened again, is as good as what the run was begun with.
import type { PointMm } from '../volume/geometry.ts'
import type { PickedFile } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { openLabelledData } from './labelledSlice.ts'
import type { Services, SliceOf, Workbench } from './store.ts'
import { outlinesOf, paintingOf } from './worstCases.ts'

export type WorstCaseState =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking'; readonly at: number }
  /** Its scan is the open case `caseId`. */
  | {
      readonly kind: 'open'
      readonly at: number
      readonly caseId: string
      readonly hasTruth: boolean
      readonly hasOutline: boolean
      /** The model outlined nothing of it, as against nothing being kept. */
      readonly isOutlineKnown: boolean
    }
  /** Its scan is not at hand: why, and the data is to be chosen again. */
  | { readonly kind: 'closed'; readonly at: number; readonly failure: Failure }

export interface WorstCaseSlice {
  readonly worstCase: WorstCaseState
  /** Which case of the open labelled data each box is, by its content. */
  readonly knownBoxes: {
    readonly cohortId: number
    readonly indexOf: Readonly<Record<string, number>>
  } | null
  /** Opens the scan of a judged case at its lesion. */
  lookAtCase(at: number): Promise<void>
  /** The labelled data again, then the case that was asked for. */
  chooseDataForCase(at: number, files: readonly PickedFile[] | 'synthetic'): Promise<void>
}

const NOT_OPEN: Failure = {
  message:
    'The scan of this case is not open any more. Open the labelled data that the run was begun with again; its cases are told by their content.',
  details: undefined,
}
const NOT_AMONG: Failure = {
  message:
    'This case is not among the open labelled data. Open the data that the run was begun with, with the same masks; its cases are told by their content.',
  details: undefined,
}

type Set = (part: Partial<Workbench>) => void

/** What the open data calls the box `at` of the shown result; undefined where that is not known. */
export function caseNameOf(state: Workbench, at: number): string | undefined {
  const index = caseIndexOf(state, at)
  return index === undefined ? undefined : openLabelledData(state)?.cases[index]?.id
}

function caseIndexOf({ knownBoxes, finetuneReport, labelled }: Workbench, at: number): number | undefined {
  if (finetuneReport.kind !== 'done' || labelled.kind !== 'done') return undefined
  if (knownBoxes?.cohortId !== labelled.data.cohortId) return undefined
  return knownBoxes.indexOf[finetuneReport.identities[at]]
}

/** Cuts the boxes of the open data as the shown run did, which tells them, and holds them where the run keeps none. */
export async function tellBoxes({ workers, held }: Services, set: Set, get: () => Workbench): Promise<void> {
  const { finetuneReport } = get()
  const data = openLabelledData(get())
  if (finetuneReport.kind !== 'done' || !data) return
  const { settings, identities, runId } = finetuneReport
  const { cohortId } = data
  const input = { cohortId, shape: settings.boxShape, spacingMm: settings.entry.spacingMm }
  const { crops, indices } = await workers.volume.run('prepareCrops', input)
  const indexOf = Object.fromEntries(crops.cases.map(({ identity }, box) => [identity, indices[box]]))
  const isSame = String(crops.cases.map(({ identity }) => identity)) === String(identities)
  if (isSame && held.training.crops?.runId !== runId)
    held.training.crops = { crops, shape: settings.entry.shape, runId }
  set({ knownBoxes: { cohortId, indexOf }, cropsSerial: get().cropsSerial + 1 })
}

export const createWorstCaseSlice: SliceOf<WorstCaseSlice> = services => (set, get) => {
  const { held } = services

  /** The scan that holds the case, open: where its lesion is. Null where it could not be opened. */
  async function openScan(index: number): Promise<PointMm | null> {
    const data = openLabelledData(get())!
    const { openCase, prediction } = get()
    const one = data.cases[index]
    if (openCase && one.patient === openCase.id && prediction.kind === 'done') {
      // A finding of the scan that is being read: nothing is to be opened.
      const { findings } = prediction.summary.file
      const found = findings.find(({ id }) => one.id === `${openCase.id} ${id}`)
      if (found) return found.centreRasMm
    }
    return get().openLabelledScan(data.cohortId, index, one.id)
  }

  function paint(at: number, centreRasMm: PointMm): void {
    const { openCase, finetuneReport } = get()
    const { crops } = held.training
    if (!openCase || finetuneReport.kind !== 'done') return
    const bits = held.training.outline(at)
    const facts = { hasTruth: false, hasOutline: false, isOutlineKnown: bits !== undefined }
    const outlines = crops && outlinesOf(crops, at, bits)
    held.training.painting = crops &&
      outlines && { caseId: openCase.id, painting: paintingOf(crops, outlines, centreRasMm) }
    set({
      worstCase: {
        ...{ kind: 'open', at, caseId: openCase.id, ...facts },
        ...(outlines && { hasTruth: outlines.hasTruth, hasOutline: outlines.hasOutline }),
      },
      paintSerial: get().paintSerial + 1,
      trainStage: 'scan',
    })
    get().lookAt(centreRasMm)
  }

  return {
    worstCase: { kind: 'none' },
    knownBoxes: null,

    async lookAtCase(at) {
      set({ lookedAtCrop: at })
      if (!openLabelledData(get())) return set({ worstCase: { kind: 'closed', at, failure: NOT_OPEN } })
      set({ worstCase: { kind: 'looking', at } })
      const isAsked = () => get().worstCase.kind === 'looking' && get().lookedAtCrop === at
      try {
        if (caseIndexOf(get(), at) === undefined || !held.training.crops) await tellBoxes(services, set, get)
        if (!isAsked()) return
        const index = caseIndexOf(get(), at)
        if (index === undefined) return set({ worstCase: { kind: 'closed', at, failure: NOT_AMONG } })
        const centreRasMm = await openScan(index)
        if (!isAsked()) return
        if (centreRasMm) paint(at, centreRasMm)
        else set({ worstCase: { kind: 'none' } })
      } catch (error) {
        const failure = toFailure(error, 'Opening the case')
        set({ worstCase: failure ? { kind: 'closed', at, failure } : { kind: 'none' } })
      }
    },

    async chooseDataForCase(at, files) {
      if (files === 'synthetic') await get().openSyntheticCases()
      else await get().openLabelledFiles(files)
      if (openLabelledData(get())) await get().lookAtCase(at)
    },
  }
}
