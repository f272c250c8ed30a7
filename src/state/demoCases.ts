// The demo cases that ship in public/cases, as the landing page offers them.
import type { DemoCase } from './caseSlice.ts'

export const DEMO_CASES: readonly DemoCase[] = [
  { title: 'Demo chest 1', path: 'cases/demo-1/image.nii.gz' },
  { title: 'Demo chest 2', path: 'cases/demo-2/image.nii.gz' },
]
