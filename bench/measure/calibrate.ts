// What the adapter can do at best, measured here: copying between buffers, and a large square matrix product by whoever
// is fastest. The results' fractions are of these two, since no adapter tells its peaks.
import * as tf from '@tensorflow/tfjs-core'
import { makeValues, type BenchCase } from '../cases/case.ts'
import { prepareCase, type Entrant } from '../entrants/entrant.ts'
import type { Place } from '../protocol.ts'
import { requireNoError } from './gpuErrors.ts'

const repetitions = 3

async function fastest(run: () => Promise<void>): Promise<number> {
  await run()
  let best = Infinity
  for (let i = 0; i < repetitions; i++) {
    const from = performance.now()
    await run()
    best = Math.min(best, performance.now() - from)
  }
  return best
}

/** GB/s, bytes read and written, copying a buffer that no cache holds (on a software adapter a small one). */
async function measureCopy(device: GPUDevice, isSoftware: boolean): Promise<number> {
  const size = Math.min((isSoftware ? 16 : 256) * 2 ** 20, device.limits.maxBufferSize)
  const copies = isSoftware ? 1 : 16
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const [from, to] = [0, 1].map(() => device.createBuffer({ size, usage }))
  const milliseconds = await fastest(async () => {
    const encoder = device.createCommandEncoder()
    for (let i = 0; i < copies; i++) encoder.copyBufferToBuffer(from, 0, to, 0, size)
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
  })
  from.destroy()
  to.destroy()
  return (2 * copies * size) / milliseconds / 1e6
}

const product = (side: number): BenchCase => {
  const square = { shape: [side, side], dtype: 'float32' } as const
  return {
    name: `matrix product ${side}³`,
    inputs: { a: square, b: square },
    values: () => ({ a: makeValues('a', square), b: makeValues('b', square) }),
    compute: ({ a, b }) => ({ y: tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D) }),
  }
}

/** Entrants that fail here are only not the best. */
export async function calibrate(
  device: GPUDevice,
  isSoftware: boolean,
  entrants: readonly Entrant[],
  begin: (entrant: string) => Promise<void>,
): Promise<Pick<Place, 'copyGBs' | 'gemmGflops' | 'gemmBy'>> {
  await begin('copying')
  const copyGBs = await measureCopy(device, isSoftware)
  const side = isSoftware ? 256 : 4096
  const prepared = prepareCase(product(side), () => undefined)
  let best: { gemmGflops: number; gemmBy: string } | undefined
  for (const entrant of entrants) {
    await begin(entrant.name)
    try {
      const runner = await entrant.prepare(prepared)
      await runner.results()
      const milliseconds = await fastest(async () => {
        await runner.ready?.()
        await runner.run()
      })
      await runner.release()
      await requireNoError()
      const gemmGflops = (2 * side ** 3) / milliseconds / 1e6
      if (!best || gemmGflops > best.gemmGflops) best = { gemmGflops, gemmBy: entrant.name }
    } catch {
      continue
    }
  }
  return { copyGBs, ...best }
}
