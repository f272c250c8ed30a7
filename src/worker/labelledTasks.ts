// Labelled data in the volume worker: opening it, its pictures, its boxes. One cohort is kept; a new one takes its place
// only when it has been read whole.
import { InputError, throwIfCancelled } from '../base/errors.ts'
import type { FinetuneTask } from '../training/finetune/settings.ts'
import type { LabelledCohort } from '../training/labelled/cohort.ts'
import { Random } from '../phantom/random.ts'
import { augmentBox, boxOf, centreBox } from '../training/finetune/augmentBox.ts'
import { followScan } from '../training/finetune/followScan.ts'
import { problemsOf } from '../training/labelled/describe.ts'
import { findingsCohort } from '../training/labelled/findingsCohort.ts'
import { joinCohorts } from '../training/labelled/joinCohorts.ts'
import { openLabelledCohort } from '../training/labelled/openCohort.ts'
import { prepareCropSet } from '../training/labelled/prepareCropSet.ts'
import { phantomCohort } from '../training/labelled/phantomCohort.ts'
import { thumbnail } from '../training/labelled/thumbnail.ts'
import type { CaseThumbnail, LabelledSource, LabelledSummary, LabelledTasks } from './labelledProtocol.ts'
import type { StageProgress } from './protocol.ts'
import { toScanFile } from './scanFile.ts'
import type { Handlers, JobContext } from './serveTasks.ts'

let open: { readonly id: number; readonly cohort: LabelledCohort } | undefined
let nextCohort = 1

function requireCohort(cohortId: number): LabelledCohort {
  if (open?.id !== cohortId)
    throw new InputError('This labelled data is no longer held in memory. Open it again.')
  return open.cohort
}

/** A case with its voxels, and what is known of it. @throws InputError when its cohort is gone or its file has changed. */
export async function openLabelledCase(cohortId: number, index: number) {
  const cohort = requireCohort(cohortId)
  return { known: cohort.cases[index], opened: await cohort.open(index) }
}

function readSource(source: LabelledSource, context: JobContext<StageProgress>): Promise<LabelledCohort> {
  const { report, signal } = context
  if (source.kind === 'files')
    return openLabelledCohort(source.files.map(toScanFile), source.options, report, signal)
  if (source.kind === 'synthetic') return phantomCohort(source.seeds, {}, report, signal)
  const { classes, ...scan } = source
  return Promise.resolve(findingsCohort(scan, classes))
}

const TASKS: readonly FinetuneTask[] = ['segment', 'classify', 'respond']

function summarise(cohortId: number, cohort: LabelledCohort): LabelledSummary {
  const { classes, cases, leftOut, notices, table } = cohort
  const problems = Object.fromEntries(TASKS.map(task => [task, problemsOf(cohort, task)]))
  return {
    cohortId,
    ...{ classes, cases, leftOut, notices, table },
    problems: problems as LabelledSummary['problems'],
  }
}

export const labelledHandlers: Handlers<Omit<LabelledTasks, 'openLabelledScan'>> = {
  async openLabelled({ source, addTo }, context) {
    const before = addTo === null ? undefined : requireCohort(addTo)
    const cohort = await readSource(source, context)
    throwIfCancelled(context.signal, 'Reading the labelled data')
    if (!before) open?.cohort.release()
    open = { id: nextCohort++, cohort: before ? joinCohorts([before, cohort]) : cohort }
    return { result: summarise(open.id, open.cohort) }
  },

  async labelledThumbnails({ cohortId, indices }, { signal }) {
    const cohort = requireCohort(cohortId)
    const pictures: CaseThumbnail[] = []
    for (const index of indices) {
      throwIfCancelled(signal, 'Drawing the cases')
      pictures.push({ index, ...thumbnail(await cohort.open(index)) })
    }
    return { result: pictures }
  },

  async prepareCrops({ cohortId, shape, spacingMm }, { signal, report }) {
    const onProgress = (done: number, total: number) => report({ stage: 'Cutting the boxes', done, total })
    const box = { shape, spacingMm }
    const { crops, notices, indices } = await prepareCropSet(requireCohort(cohortId), box, onProgress, signal)
    const transfer = [crops.hu.buffer, ...(crops.masks ? [crops.masks.buffer] : [])]
    return { result: { crops, notices, indices }, transfer }
  },

  async followScan({ looked, cohortId, cut, shape, spacingMm }) {
    const followed = await followScan(looked, cut, requireCohort(cohortId), { shape, spacingMm })
    return { result: followed, transfer: followed?.hu ? [followed.hu.buffer] : [] }
  },

  async previewAugmented({ cohortId, index, boxShape, shape, spacingMm, options, seeds }) {
    const cohort = requireCohort(cohortId)
    const alone = { ...cohort, cases: [cohort.cases[index]], open: () => cohort.open(index) }
    const { crops } = await prepareCropSet(alone, { shape: boxShape, spacingMm })
    const box = boxOf(crops, 0)
    const drawn = seeds.map(seed => augmentBox(box, shape, options, new Random(seed, 0)))
    return { result: [centreBox(box, shape), ...drawn].map(crop => ({ shape, ...crop })) }
  },

  async closeLabelled({ cohortId }) {
    if (open?.id === cohortId) {
      open.cohort.release()
      open = undefined
    }
    return { result: null }
  },
}
