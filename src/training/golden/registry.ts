// Every `op` that a fixture can name. One that is missing here fails by name.
import type { Operation } from './operation.ts'
import { attentionOperations } from './operations/attention.ts'
import { hostOperations } from './operations/host.ts'
import { layerOperations } from './operations/layers.ts'
import { lossOperations } from './operations/losses.ts'
import { pretrainOperations } from './operations/pretrain.ts'
import { trainingOperations } from './operations/training.ts'
import { wholeOperations } from './operations/whole.ts'

export const operations: Readonly<Record<string, Operation>> = {
  ...hostOperations,
  ...layerOperations,
  ...attentionOperations,
  ...lossOperations,
  ...wholeOperations,
  ...trainingOperations,
  ...pretrainOperations,
}
