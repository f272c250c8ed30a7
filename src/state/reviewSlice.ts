// The reader's verdict on each finding, with undo and redo, and which finding is looked at.
import type { Finding } from '../prediction/finding.ts'
import type { SliceOf } from './store.ts'

export type Verdict = 'accepted' | 'rejected'
export type Verdicts = Readonly<Record<string, Verdict>>

export interface ReviewSlice {
  readonly verdicts: Verdicts
  readonly selectedFinding: string | null
  readonly past: readonly Verdicts[]
  readonly future: readonly Verdicts[]
  selectFinding(id: string): void
  selectNextFinding(step: 1 | -1): void
  acceptFinding(id: string): void
  rejectFinding(id: string): void
  undo(): void
  redo(): void
  clearReview(): void
}

const EMPTY = { verdicts: {}, selectedFinding: null, past: [], future: [] } as const

export const createReviewSlice: SliceOf<ReviewSlice> = () => (set, get) => {
  const findings = (): readonly Finding[] => {
    const { prediction } = get()
    return prediction.kind === 'done' ? prediction.summary.file.findings : []
  }

  /** Saying the same verdict twice takes it back: the finding is undecided again. */
  function judge(id: string, verdict: Verdict): void {
    const { verdicts, past } = get()
    const next: Record<string, Verdict> = { ...verdicts }
    if (next[id] === verdict) delete next[id]
    else next[id] = verdict
    set({ verdicts: next, past: [...past, verdicts], future: [] })
  }

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

    undo() {
      const { past, verdicts, future } = get()
      const previous = past[past.length - 1]
      if (previous) set({ verdicts: previous, past: past.slice(0, -1), future: [verdicts, ...future] })
    },

    redo() {
      const { past, verdicts, future } = get()
      const [next, ...rest] = future
      if (next) set({ verdicts: next, past: [...past, verdicts], future: rest })
    },

    clearReview: () => set(EMPTY),
  }
}
