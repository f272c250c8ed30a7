// Masked image modelling in six steps, on the first demo case: what is said and what is shown meanwhile.
import type { PointMm } from '../volume/geometry.ts'
import { openLabNetwork } from './labSlice.ts'
import type { Workbench } from './store.ts'

/** Sections of the lab's panel, by their titles. */
export type LabSectionTitle =
  | 'Model'
  | 'Region'
  | 'Semantic attention'
  | 'Masks'
  | 'Reconstruction'
  | 'Window attention'
  | 'Head diversity'
  | 'Features without labels'
  | 'Take away and restore'

export interface TourStep {
  readonly title: string
  /** The section that it is about: unfolded and brought into sight. */
  readonly section: LabSectionTitle
  readonly text: string
  /** Another sentence where the open network can reconstruct voxels. */
  readonly textWithReconstruction?: string
  /** Brings the lab to what the step is about; the model is open by then. */
  show(state: Workbench): void
}

/** The largest solid nodule of demo case 1 (public/cases/demo-1/truth.json, id 2), rounded. */
const NODULE_RAS_MM: PointMm = [102.1, 49.1, 36.1]
/** Twice the model's crop: enough tokens to tell masks apart. */
const SCALE = 2
const TEACHER_NOISE = { seed: 1, ratio: 0.7 } as const

/** The region on the nodule; the student and a clean image, or the teacher, where there is one, and its noisy view. */
function prepare(state: Workbench, options: { noisy?: boolean } = {}): void {
  const { labCrop, labScale, labRole, dropout } = state
  const isThere = labScale === SCALE && labCrop?.centreRasMm.join() === NODULE_RAS_MM.join()
  if (!isThere) {
    state.lookAt(NODULE_RAS_MM)
    if (labScale !== SCALE) state.setLabScale(SCALE)
    state.placeLabCrop(NODULE_RAS_MM)
  }
  const role = options.noisy && openLabNetwork(state)?.hasTeacher ? 'teacher' : 'student'
  if (labRole !== role) state.setLabRole(role)
  if ((dropout !== null) !== (options.noisy === true)) state.setDropout(options.noisy ? TEACHER_NOISE : null)
  state.changeOverlay({ visible: true })
}

function showMask(state: Workbench, kind: 'random' | 'attention', seed: number): void {
  state.changeMasks({ ratio: 0.7, hint: 0.1, seed })
  state.showMask(kind)
}

export const TOUR_STEPS: readonly TourStep[] = [
  {
    title: 'Learning without labels',
    section: 'Masks',
    text: 'Marking nodules by hand on thousands of scans is slow. Masked image modelling needs no marks: hide parts of a scan, let a network fill them in, and compare with what was there. To do that well it has to learn what anatomy looks like. The hatched blocks are hidden from it.',
    show(state) {
      prepare(state)
      showMask(state, 'random', 1)
    },
  },
  {
    title: 'What the network sees',
    section: 'Masks',
    text: 'The cyan box is its whole world: a cube around a nodule of this synthetic chest, cut into blocks of 8 voxels a side, the tokens. Here 60 % of them are hidden by chance. Many of those lie where there is little to learn: a block of plain lung or muscle is easy to guess from its neighbours.',
    show(state) {
      prepare(state)
      showMask(state, 'random', 2)
    },
  },
  {
    title: 'Where it looks',
    section: 'Semantic attention',
    text: 'A transformer weighs tokens against each other. Semantic attention asks how much each token contributes to a summary of the whole box: bright is much, dark is little. This map comes from a small network that learnt from synthetic chests, so it is an example, not a verdict.',
    show(state) {
      prepare(state)
      state.setHead(0)
      state.setColourBy('rank')
    },
  },
  {
    title: 'A teacher that sees less',
    section: 'Semantic attention',
    text: 'In SMART a teacher, a slowly moving average of the student, decides what to hide. It gets a noisy view: 70 % of the small patches fall away, those that are dark here. Its attention has to rest on what survives any draw, and each step draws anew.',
    show(state) {
      prepare(state, { noisy: true })
      state.setHead(0)
      state.setColourBy('rank')
    },
  },
  {
    title: 'Hide what matters, leave a hint',
    section: 'Masks',
    text: 'Now the tokens that are attended to most are hidden: down to a share r of 70 %, except for the top 10 % (s), which stay visible as hints, ringed here. As many tokens are hidden as by chance before, but the gaps are meant to be harder to guess. Move r and s in the panel and watch all kinds of mask.',
    show(state) {
      prepare(state, { noisy: true })
      showMask(state, 'attention', 1)
    },
  },
  {
    title: 'Filling in, and what it is good for',
    section: 'Reconstruction',
    text: 'A student that can fill in such gaps has learnt features that serve where labels are few: its encoder is then trained on with a handful of them. The demo model is such an encoder’s classifier and no longer fills anything in; open a pretraining checkpoint to see a reconstruction. Everything here ran on this computer.',
    textWithReconstruction:
      'A student that can fill in such gaps has learnt features that serve where labels are few: its encoder is then trained on with a handful of them. Beside the scan stands what this student makes of the hidden tokens, and how far off it is. Everything here ran on this computer.',
    show(state) {
      prepare(state, { noisy: true })
      showMask(state, 'attention', 1)
    },
  },
]
