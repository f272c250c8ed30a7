// The reader's verdict and label of each finding, with undo and redo, and which finding is looked at.
import type { Finding } from '../prediction/finding.ts'
import type { SliceOf } from './store.ts'

export type Verdict = 'accepted' | 'rejected'
export type Verdicts = Readonly<Record<string, Verdict>>

/** What the reader says an accepted finding is: a model can be trained on it. */
export type ReaderLabel = 'benign' | 'indeterminate' | 'malignant'
export type ReaderLabels = Readonly<Record<string, ReaderLabel>>

/** All that undo goes back to. */
export interface Review {
  readonly verdicts: Verdicts
  readonly readerLabels: ReaderLabels
}

export interface ReviewSlice extends Review {
  readonly selectedFinding: string | null
  readonly past: readonly Review[]
  readonly future: readonly Review[]
  selectFinding(id: string): void
  selectNextFinding(step: 1 | -1): void
  acceptFinding(id: string): void
  rejectFinding(id: string): void
  /** The same label twice takes it back. */
  labelFinding(id: string, label: ReaderLabel): void
  undo(): void
  redo(): void
  clearReview(): void
}

const EMPTY = { verdicts: {}, readerLabels: {}, selectedFinding: null, past: [], future: [] } as const

/** The record with `value` under `id`, or without it where it stood there already. */
function toggled<Value>(record: Readonly<Record<string, Value>>, id: string, value: Value) {
  const next: Record<string, Value> = { ...record }
  if (next[id] === value) delete next[id]
  else next[id] = value
  return next
}

export const createReviewSlice: SliceOf<ReviewSlice> = () => (set, get) => {
  const findings = (): readonly Finding[] => {
    const { prediction } = get()
    return prediction.kind === 'done' ? prediction.summary.file.findings : []
  }

  const review = (): Review => ({ verdicts: get().verdicts, readerLabels: get().readerLabels })

  function change(part: Partial<Review>): void {
    set({ ...part, past: [...get().past, review()], future: [] })
  }

  /** Saying the same verdict twice takes it back: the finding is undecided again. */
  const judge = (id: string, verdict: Verdict) => change({ verdicts: toggled(get().verdicts, id, verdict) })

  return {
    ...EMPTY,

    selectFinding(id) {
      const finding = findings().find(one => one.id === id)
      if (!finding) return
      set({ selectedFinding: id })
      get().lookAt(finding.centreRasMm)
    },

    selectNextFinding(step) {
      const all = findings()
      if (all.length === 0) return
      const at = all.findIndex(one => one.id === get().selectedFinding)
      const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length
      get().selectFinding(all[next].id)
    },

    acceptFinding: id => judge(id, 'accepted'),
    rejectFinding: id => judge(id, 'rejected'),
    labelFinding: (id, label) => change({ readerLabels: toggled(get().readerLabels, id, label) }),

    undo() {
      const { past, future } = get()
      const previous = past[past.length - 1]
      if (previous) set({ ...previous, past: past.slice(0, -1), future: [review(), ...future] })
    },

    redo() {
      const { past, future } = get()
      const [next, ...rest] = future
      if (next) set({ ...next, past: [...past, review()], future: rest })
    },

    clearReview: () => set(EMPTY),
  }
}
