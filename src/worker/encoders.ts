// Which encoder a task of the lab means, made ready to be compiled, and what is said of it beside its results.
import type { Triple } from '../base/shape.ts'
import { encoderParameters, untrainedParameters, type LabEncoder } from '../insight/labEncoder.ts'
import { requireEntry, type LabModel } from '../insight/labModel.ts'
import type { SteadyProgram } from '../insight/steadyProgram.ts'
import type { EncoderChoice, Provenance } from './insightProtocol.ts'

/** The encoder that is meant, over crops of `shape`. @throws InputError when the model has no such network. */
export function labEncoder(model: LabModel, { task, role }: EncoderChoice, shape: Triple): LabEncoder {
  const { config } = requireEntry(model, task)
  const parameters =
    role === 'untrained' ? untrainedParameters(config) : encoderParameters(model.parameters(task, role))
  return { config, shape, parameters }
}

/** Tells programs apart that are compiled of the same model. */
export const nameOf = ({ task, role }: EncoderChoice, shape: Triple): string =>
  `${task} ${role} ${shape.join('×')}`

/** What is written beside every result. */
export function provenance(model: LabModel, { role }: EncoderChoice, program: SteadyProgram): Provenance {
  const identity = role === 'untrained' ? null : model.identity
  return { device: program.label, notices: program.notices, identity }
}
