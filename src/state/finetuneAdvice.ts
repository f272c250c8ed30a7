// What is recommended for the open cases, and what a set-up takes on this device: asked of the compute worker, the newest
// question answered.
import type { CropSummary, FinetuneMethod, FinetuneSettings } from '../worker/finetuneProtocol.ts'
import type { CropSet, LabelledSummary } from '../worker/labelledProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import { chosenStart } from './finetuneStarts.ts'
import { openLabelledData } from './labelledSlice.ts'
import type { Services, Workbench } from './store.ts'

type Set = (part: Partial<Workbench>) => void

/** Typing settles before it is forecast. */
const SETTLE_MS = 400

/** What is known of the cases before they are cut. */
export function summaryOf({ cases, classes }: LabelledSummary): CropSummary {
  const patientsOf = (of: LabelledSummary['cases']) =>
    new globalThis.Set(of.map(({ patient }) => patient)).size
  const byClass = classes.map((_, label) => cases.filter(one => one.label === label))
  const masked = cases.filter(({ hasMask }) => hasMask)
  return {
    ...{ classes, cases: cases.length, patients: patientsOf(cases) },
    casesByClass: byClass.map(({ length }) => length),
    patientsByClass: byClass.map(patientsOf),
    ...{ masks: masked.length, maskPatients: patientsOf(masked) },
    synthetic: cases.every(({ synthetic }) => synthetic),
  }
}

/** The cases as they will be cut, without what only the cut knows. */
function casesOf({ cases }: LabelledSummary): CropSet['cases'] {
  const patients = [...new globalThis.Set(cases.map(({ patient }) => patient))]
  return cases.map(({ patient, label, isIndeterminate, hasMask, volumeMm3, synthetic }) => ({
    ...{ label, isIndeterminate, hasMask, volumeMm3, synthetic, identity: '' },
    patient: patients.indexOf(patient),
  }))
}

/** Asks for the recommendation and the forecast; a newer question of the same kind makes the older answer void. */
export function createAdvice({ workers }: Services, set: Set, get: () => Workbench) {
  let asked = 0
  let recommended = 0
  /** What the reader has changed since the pending recommendation was asked for: it stays. */
  let own: Partial<FinetuneSettings> = {}
  let timer: ReturnType<typeof setTimeout> | undefined

  async function forecast(): Promise<void> {
    const { finetuneSettings: settings } = get()
    const data = openLabelledData(get())
    if (!settings || !data) return
    const question = ++asked
    set({ finetuneForecast: { kind: 'running', progress: { stage: 'Forecasting', done: 0, total: 1 } } })
    try {
      const input = { settings, summary: summaryOf(data), cases: casesOf(data) }
      const result = await workers.compute.run('forecastFinetuning', input)
      if (question === asked) set({ finetuneForecast: { kind: 'done', forecast: result } })
    } catch (error) {
      if (question !== asked) return
      const failure = toFailure(error, 'Forecasting the run')
      set({ finetuneForecast: failure ? { kind: 'failed', failure } : { kind: 'none' } })
    }
  }

  return {
    /** The reader's own change: forecast once typing has settled. */
    noteChange(change: Partial<FinetuneSettings>): void {
      if (get().recommendation.kind === 'running') own = { ...own, ...change }
      clearTimeout(timer)
      timer = setTimeout(() => void forecast(), SETTLE_MS)
    },
    /** The reader takes the recommendation as it is. */
    forgetChanges(): void {
      own = {}
    },

    /** `method`: null leaves it to the recommendation. */
    async recommend(method: FinetuneMethod | null): Promise<void> {
      const question = ++recommended
      const data = openLabelledData(get())
      const { finetuneTask: task } = get()
      if (!data || data.problems[task].length > 0) return
      if (get().recommendation.kind !== 'running') own = {}
      const onProgress = (progress: StageProgress) => set({ recommendation: { kind: 'running', progress } })
      onProgress({ stage: 'Looking at the start model', done: 0, total: 1 })
      try {
        if (get().models === null) await get().listModels()
        const start = chosenStart(get())
        const input = { task, method, start, summary: summaryOf(data) }
        const { settings, reasons } = await workers.compute.run('recommendFinetuning', input)
        if (question !== recommended) return
        const isChanged = Object.keys(own).length > 0
        set({
          recommendation: { kind: 'done', reasons },
          recommendedSettings: settings,
          finetuneSettings: isChanged ? { ...settings, ...own } : settings,
        })
        await forecast()
      } catch (error) {
        if (question !== recommended) return
        const failure = toFailure(error, 'Choosing a set-up')
        set({ recommendation: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },
  }
}
