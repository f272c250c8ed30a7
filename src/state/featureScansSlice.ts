// Scans that are clustered beside the open one. Of each only token features are kept, as plain numbers outside the store; its
// name stands on screen and in no file. A scan that can be opened again (files, a synthetic chest) is read when it is needed.
import type { Triple } from '../base/shape.ts'
import { mostScans } from '../insight/pooledTokens.ts'
import type { PickedFile } from '../worker/protocol.ts'
import { DEMO_CASES } from './demoCases.ts'
import type { SliceOf, Workbench } from './store.ts'

export type ScanOrigin =
  | { readonly kind: 'phantom'; readonly seed: number; readonly spacingMm: Triple }
  | { readonly kind: 'files'; readonly files: readonly PickedFile[] }
  /** The scan was open before: its features are all that is left of it. */
  | { readonly kind: 'kept' }

export interface FeatureScan {
  readonly id: string
  /** On screen only. */
  readonly title: string
  readonly synthetic: boolean
  readonly origin: ScanOrigin
}

export interface FeatureScansSlice {
  readonly featureScans: readonly FeatureScan[]
  addScanFiles(files: readonly PickedFile[], title: string): void
  addPhantomScan(seed: number): void
  /** Keeps the open scan's features for when another one is open. */
  keepOpenScan(): void
  removeFeatureScan(id: string): void
  /** The open scan closes: its features go with it, unless they are kept. */
  releaseOpenTokens(): void
}

/** Beside the open one. */
export const mostOthers = mostScans - 1

/** Of synthetic chests that are no demo case: made in some seconds. */
const phantomSpacingMm: Triple = [2.5, 1.9, 1.9]

export const createFeatureScansSlice: SliceOf<FeatureScansSlice> =
  ({ held }) =>
  (set, get) => {
    let next = 1
    const add = (scan: FeatureScan) => {
      const { featureScans } = get()
      const isThere = featureScans.some(one => one.id === scan.id)
      if (!isThere && featureScans.length < mostOthers) set({ featureScans: [...featureScans, scan] })
    }

    return {
      featureScans: [],

      addScanFiles(files, title) {
        if (files.length === 0) return
        add({ id: `beside-${next++}`, title, synthetic: false, origin: { kind: 'files', files } })
      },

      addPhantomScan(seed) {
        const demo = DEMO_CASES.find(one => one.seed === seed)
        const origin = { kind: 'phantom' as const, seed, spacingMm: demo?.spacingMm ?? phantomSpacingMm }
        const title = demo?.title ?? `Synthetic chest, seed ${seed}`
        add({ id: `phantom-${seed}`, title, synthetic: true, origin })
      },

      keepOpenScan() {
        const { openCase } = get()
        if (!openCase || !held.insight.tokens.has(openCase.id)) return
        const { id, title, series } = openCase
        add({ id, title, synthetic: series.synthetic, origin: openOrigin(get()) ?? { kind: 'kept' } })
      },

      removeFeatureScan(id) {
        if (get().openCase?.id !== id) held.insight.tokens.delete(id)
        set({ featureScans: get().featureScans.filter(one => one.id !== id) })
      },

      releaseOpenTokens() {
        const { openCase, featureScans } = get()
        if (openCase && !featureScans.some(({ id }) => id === openCase.id))
          held.insight.tokens.delete(openCase.id)
      },
    }
  }

/** The phantom that a demo case was made of; undefined for every other scan. */
export function openOrigin({ openCase }: Pick<Workbench, 'openCase'>): ScanOrigin | undefined {
  const demo = DEMO_CASES.find(({ id }) => id === openCase?.demoId)
  return demo && { kind: 'phantom', seed: demo.seed, spacingMm: demo.spacingMm }
}
