// Tasks and methods in the reader's words.
import type { FinetuneMethod, FinetuneTask } from '../../../worker/finetuneProtocol.ts'

export const TASKS: readonly { readonly id: FinetuneTask; readonly name: string; readonly says: string }[] = [
  { id: 'segment', name: 'Outline', says: 'Learns which voxels belong to the lesion. Needs masks.' },
  {
    id: 'classify',
    name: 'Classify',
    says: 'Learns the class of a nodule: malignancy, or any classes of your table.',
  },
  {
    id: 'respond',
    name: 'Response',
    says: 'Learns the outcome of treatment from the whole lesion: the crop is made large enough for it.',
  },
]

export const METHODS: readonly {
  readonly id: FinetuneMethod
  readonly name: string
  readonly says: string
}[] = [
  {
    id: 'probe',
    name: 'Linear probe',
    says: 'Features are computed once, then only a linear head is fitted: the quickest, and hard to overfit.',
  },
  { id: 'head', name: 'Head only', says: 'The encoder stays as it is; head or decoder are trained.' },
  {
    id: 'lora',
    name: 'Adapters',
    says: 'Low-rank adapters on the attention and the head are trained: few numbers, little to overfit.',
  },
  {
    id: 'full',
    name: 'Everything',
    says: 'All weights are trained, the earlier stages more slowly: the most room to learn and to overfit.',
  },
]

/** A linear head has no voxels to outline. */
export const methodsOf = (task: FinetuneTask) =>
  task === 'segment' ? METHODS.filter(({ id }) => id !== 'probe') : METHODS
