// jax-js on WebGPU, which runs in the page only: the case's own jax-js form under jit, or without it where jit refuses.
import type * as Jax from '@jax-js/jax'
import type { BenchCase, JaxArrays, Values } from '../cases/case.ts'
import { describeFailure } from '../measure/describeFailure.ts'
import type { Entrant } from './entrant.ts'

function makeInputs({ numpy }: typeof Jax, { inputs }: BenchCase, values: Values): JaxArrays {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => {
      const type = dtype === 'int32' ? numpy.int32 : numpy.float32
      const data = values[name] as Float32Array<ArrayBuffer>
      return [name, numpy.array(data, { shape: [...shape], dtype: type })]
    }),
  )
}

export function jaxEntrant(jax: typeof Jax): Entrant {
  return {
    name: 'jax-js WebGPU',
    runsOn: 'gpu',
    async prepare({ benchCase, values, compared }) {
      const { jax: form } = benchCase
      if (!form) throw new Error('no jax-js form of this work is written')
      const inputs = makeInputs(jax, benchCase, values)
      const plain = (arrays: JaxArrays) => form(jax, arrays)
      const compiled = jax.jit(plain)
      const given = () => Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, array.ref]))
      let call: (arrays: JaxArrays) => JaxArrays = compiled
      let note: string | undefined
      try {
        jax.tree.dispose(await jax.blockUntilReady(compiled(given())))
      } catch (error) {
        call = plain
        note = `without jit, which fails: ${describeFailure(error)}`
      }
      return {
        note,
        async run() {
          jax.tree.dispose(await jax.blockUntilReady(call(given())))
        },
        async results() {
          const outputs = call(given())
          const read = await Promise.all(
            // Reading consumes the array.
            compared.map(async name => [name, Float32Array.from(await outputs[name].data())] as const),
          )
          return Object.fromEntries(read)
        },
        release() {
          compiled.dispose()
          jax.tree.dispose(inputs)
        },
      }
    },
  }
}
