// A recipe's task as supervised training: which parameters, which batch, which loss.
import { segmentLogits } from '../network/network.ts'
import { parameterShapes, type ParameterShapes } from '../network/parameters.ts'
import { classAndTargetsLoss, targetInputs, targetShapes } from './classifierTargets.ts'
import { rareForegroundLoss } from './losses.ts'
import { defaultAdamW } from './optimiser.ts'
import type { Recipe, Task } from './recipe.ts'
import type { LossFunction, SupervisedOptions } from './supervisedStep.ts'

function lossOf(task: Task, { entry, foregroundWeight }: Recipe): LossFunction {
  if (task === 'segment')
    return (p, x) => rareForegroundLoss(segmentLogits(p, x.images, entry.config), x.labels, foregroundWeight)
  return (p, x) => classAndTargetsLoss(p, x, entry.config)
}

/** Shapes of the parameters of a task's network, and of what only its training needs. */
export function recipeShapes(task: Task, { entry }: Recipe): ParameterShapes {
  const isSegmentation = task === 'segment'
  const shapes = parameterShapes(entry.config, {
    decoder: isSegmentation,
    sa: !isSegmentation,
    clsHead: !isSegmentation,
    recHead: false,
    projectionHeads: false,
  })
  return isSegmentation ? shapes : { ...shapes, ...targetShapes(entry.config) }
}

/** What `supervisedStep` takes, for batches as `createCropSampler` makes them. */
export function recipeOptions(task: Task, recipe: Recipe): SupervisedOptions {
  const { entry, batch, weightDecay } = recipe
  const labels = task === 'segment' ? [batch, ...entry.shape] : [batch]
  return {
    loss: lossOf(task, recipe),
    shapes: recipeShapes(task, recipe),
    batch: {
      images: { shape: [batch, ...entry.shape, 1], dtype: 'float32' },
      labels: { shape: labels, dtype: 'int32' },
      ...(task === 'classify' && targetInputs(entry.shape, batch)),
    },
    adamW: { ...defaultAdamW, weightDecay },
  }
}
