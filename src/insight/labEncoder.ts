// The encoder of a network, which the lab's views of windows and features run alone; and its untrained twin, which trained
// attention and trained features are held against.
import type { Triple } from '../base/shape.ts'
import type { NetworkConfig } from '../network/config.ts'
import { initialiseParameters } from '../network/initialise.ts'
import { parameterShapes, type NetworkParts } from '../network/parameters.ts'
import type { Parameter } from '../prediction/weights.ts'

export interface LabEncoder {
  readonly config: NetworkConfig
  /** Voxels of the crop that it is run on, (D,H,W). */
  readonly shape: Triple
  /** Names begin with `encoder.`. */
  readonly parameters: Readonly<Record<string, Parameter>>
}

/** The encoder's own parameters of a network. */
export function encoderParameters(all: Readonly<Record<string, Parameter>>): Record<string, Parameter> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('encoder.')))
}

/** Of the untrained twins: any number does, as long as it is always the same. */
const untrainedSeed = 1

/** An encoder, with `parts` beside it, as training begins with it (SPEC 10). */
export function untrainedParameters(
  config: NetworkConfig,
  parts: NetworkParts = {},
): Record<string, Parameter> {
  const shapes = parameterShapes(config, parts)
  const values = initialiseParameters(shapes, untrainedSeed)
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: values[name] }]),
  )
}
