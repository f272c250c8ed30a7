import v8 from 'node:v8'
import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { presets } from '../network/config.ts'
import { loadModel } from './loadModel.ts'
import { predict } from './predict.ts'
import { asSeries, makeChest } from './testChest.ts'
import { makeModelFiles } from './testModel.ts'

v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc') as () => void

function memoryMb() {
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { heap: heapUsed / 2 ** 20, arrays: arrayBuffers / 2 ** 20, resident: rss / 2 ** 20 }
}

describe('memory over many predictions', () => {
  // Minutes on two cores.
  it.skipIf(!process.env.SMARTFORMER_FULL)(
    'stays flat: the hundredth prediction holds what the twentieth held',
    async () => {
      const runtime = await loadNodeRuntime(2)
      const config = { ...presets.demo, embed: 8, decoder_full_channels: 4 }
      const model = await loadModel(await makeModelFiles({ config }), runtime)
      const series = asSeries(makeChest({ spacingMm: [6, 6, 6] }))
      const rule = { seedProbability: 0.5, maskProbability: 0.3, smallestDiameterMm: 3, leastCompactness: 0 }
      const seen: ReturnType<typeof memoryMb>[] = []
      for (let run = 1; run <= 100; run++) {
        await predict({ series, model, runtime, rule })
        if (run % 20 === 0) seen.push(memoryMb())
      }
      await model.release()
      console.log(`MB after 20, 40 … 100 predictions: ${JSON.stringify(seen)}`)
      const [first, last] = [seen[0], seen.at(-1)!]
      // Eighty results, kept, would be 0.7 MB each: room for what the engine and the test runner themselves keep.
      expect(last.heap - first.heap).toBeLessThan(4)
      expect(last.arrays - first.arrays).toBeLessThan(1)
      // The native allocator returns pages late; eighty tiles of one run would be a hundred times this.
      expect(last.resident - first.resident).toBeLessThan(64)
    },
    900_000,
  )
})
