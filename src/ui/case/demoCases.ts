// The demo cases that the landing page offers: one lies in public/cases, one is made from its seed in some seconds.
import type { DemoCase } from '../../state/caseSlice.ts'

export const DEMO_CASES: readonly DemoCase[] = [
  { title: 'Demo chest 1', path: 'cases/demo-1/image.nii.gz' },
  { title: 'Demo chest 2', seed: 30018, spacingMm: [2.5, 1.9, 1.9] },
]
