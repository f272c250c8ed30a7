// Turns a case's forward function into "forward and gradients", in tfjs and in jax-js: the results and, from a given
// gradient of the result, the gradients of all inputs named.
import type * as Jax from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs-core'
import type { JaxArrays, Tensors } from './case.ts'

/** `forward` with `y` and, from the input `dy`, `d.NAME` for each name. */
export function withGradients(
  forward: (inputs: Tensors) => tf.Tensor,
  names: readonly string[],
): (inputs: Tensors) => Tensors {
  return inputs => {
    const { value, grads } = tf.engine().gradients(
      () => forward(inputs),
      names.map(name => inputs[name]),
      inputs.dy,
      true,
    )
    return { y: value, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, grads[i]])) }
  }
}

/** The same for jax-js. */
export function withJaxGradients(
  forward: (jax: typeof Jax, inputs: JaxArrays) => Jax.numpy.Array,
  names: readonly string[],
): (jax: typeof Jax, inputs: JaxArrays) => JaxArrays {
  return (jax, { dy, ...inputs }) => {
    const of = (...arrays: Jax.numpy.Array[]) =>
      forward(jax, Object.fromEntries(names.map((name, i) => [name, arrays[i]])))
    const [y, pullBack] = jax.vjp(
      of,
      names.map(name => inputs[name]),
    )
    const gradients = pullBack(dy) as unknown as Jax.numpy.Array[]
    pullBack.dispose()
    return { y, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, gradients[i]])) }
  }
}
