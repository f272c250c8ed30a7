// Runs a differentiable operation of a fixture on one path and compares outputs and gradients (SPEC 11).
import * as tf from '@tensorflow/tfjs-core'
// tfjs-core alone knows no gradients; the whole package registers them in the registry that both share.
import '@tensorflow/tfjs'
import { compareTensor, type Check } from './compare.ts'
import { namesUnder, type Fixture, type HostTensors } from './fixture.ts'
import type { GraphOperation, Path, Program, Tensors } from './operation.ts'

/** Sum over the given outputs of out·cot; a missing cotangent is 1. */
function lossOf(outputs: Tensors, tensors: Tensors, names: readonly string[]): tf.Scalar {
  const terms = names.map(name => {
    const cotangent = tensors[`cot.${name}`]
    return tf.sum(cotangent ? tf.mul(outputs[name], cotangent) : outputs[name])
  })
  return terms.reduce((sum, term) => tf.add(sum, term)) as tf.Scalar
}

function differentiatedOutputs(operation: GraphOperation, fixture: Fixture): readonly string[] {
  if (operation.differentiated) return operation.differentiated(fixture)
  const outputs = namesUnder(fixture, 'out.').map(name => name.slice(4))
  const withCotangent = outputs.filter(name => fixture.tensors[`cot.${name}`])
  return withCotangent.length > 0
    ? withCotangent
    : outputs.filter(name => fixture.tensors[`out.${name}`].shape.length === 0)
}

/** The operation and, where the fixture expects gradients, its backward pass, as one program. */
function buildProgram(operation: GraphOperation, fixture: Fixture, withGradients: boolean): Program {
  const wanted = namesUnder(fixture, 'grad.').map(name => name.slice(5))
  const losses = differentiatedOutputs(operation, fixture)
  return tensors => {
    const result: Tensors = {}
    const forward = (inputs: Tensors) => {
      for (const [name, output] of Object.entries(operation.outputs(inputs, fixture)))
        result[`out.${name}`] = output
      return result
    }
    if (!withGradients || wanted.length === 0) return forward(tensors)
    const sources = wanted.map(name => tensors[name])
    const { grads } = tf.engine().gradients(() => {
      forward(tensors)
      const bare = Object.fromEntries(Object.entries(result).map(([name, output]) => [name.slice(4), output]))
      Object.values(result).forEach(output => tf.keep(output))
      return lossOf(bare, tensors, losses)
    }, sources)
    grads.forEach((gradient, at) => {
      if (gradient) result[`grad.${wanted[at]}`] = gradient
    })
    return result
  }
}

/** Inputs, parameters and cotangents of a fixture; floats and masks as float32, labels as int32. */
function inputsOf(fixture: Fixture): HostTensors {
  const inputs: HostTensors = {}
  for (const prefix of ['in.', 'param.', 'cot.'])
    for (const name of namesUnder(fixture, prefix)) {
      const { shape, data } = fixture.tensors[name]
      inputs[name] = { shape, data: data instanceof Int32Array ? data : Float32Array.from(data) }
    }
  return inputs
}

/** All comparisons of a graph operation on a path. */
export async function checkGraph(operation: GraphOperation, fixture: Fixture, path: Path): Promise<Check[]> {
  const withGradients = path.isFastEnoughToTrain || operation.isQuick === true
  const program = buildProgram(operation, fixture, withGradients)
  const got = await path.run(program, inputsOf(fixture))
  const expected = namesUnder(fixture, 'out.')
  if (withGradients) expected.push(...namesUnder(fixture, 'grad.'))
  return expected.map(name => compareTensor(fixture, name, got[name]))
}
