// The demo cases that the landing page offers: one lies in public/cases, one is made from its seed in some seconds.
import type { DemoCase } from './caseSlice.ts'

export const DEMO_CASES: readonly DemoCase[] = [
  {
    id: 'demo-1',
    title: 'Demo chest 1',
    seed: 30027,
    spacingMm: [2, 1.75, 1.75],
    path: 'cases/demo-1/image.nii.gz',
  },
  { id: 'demo-2', title: 'Demo chest 2', seed: 30018, spacingMm: [2.5, 1.9, 1.9] },
]
