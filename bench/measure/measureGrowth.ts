// How time grows: one compiled plan over 1 to 27 tiles in a row, and over tiles from 32³ to 128³. Both should be
// proportional: the last tile as fast as the first, a voxel of a large tile as fast as one of a small.
import { traceGraph } from '../../src/graph/trace.ts'
import { compilePlan } from '../../src/graph/webgpu/plan.ts'
import type { DeviceFacts } from '../../src/kernels/gpuKernel.ts'
import { caseValues } from '../cases/case.ts'
import { forwardCase, segmentation } from '../cases/networks.ts'
import type { Growth } from '../protocol.ts'
import { describeFailure } from './describeFailure.ts'
import { median } from './statistics.ts'

const preset = 'tiny'
const tileCounts = [1, 2, 4, 8, 18, 27]
const sides = [32, 64, 96, 128]
/** A tile whose first run takes longer has no second. */
const slowTileMs = 30_000

/** Called between tiles: something long goes on as it should. */
type Alive = () => Promise<void>

async function openTile(device: GPUDevice, tiles: DeviceFacts['tiles'], side: number) {
  const benchCase = forwardCase(segmentation, preset, side)
  const values = caseValues(benchCase)
  const graph = traceGraph(benchCase.compute, benchCase.inputs, { keepKernels: true })
  const resident = Object.keys(graph.inputs).filter(name => name !== 'image')
  const plan = await compilePlan(graph, device, { tiles, resident })
  const firstMs = await timed(() => plan.run(values, []))
  return {
    firstMs,
    bytes: plan.report.forecast.total,
    /** As a prediction does it: the tile goes up, the result comes back. */
    tile: () => plan.run({ image: values.image }),
    release: () => plan.release(),
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

/** Time over a row of tiles; the perUnit figures are per tile, of the last tiles at each point. */
export async function growthByTiles(
  device: GPUDevice,
  tiles: DeviceFacts['tiles'],
  alive: Alive,
): Promise<Growth> {
  const opened = await openTile(device, tiles, 32)
  const times: number[] = []
  for (let tile = 0; tile < Math.max(...tileCounts); tile++) {
    times.push(await timed(opened.tile))
    await alive()
  }
  opened.release()
  return {
    title: `${preset} segmentation, tiles of 32³ in a row (ours, ${tiles})`,
    points: tileCounts.map(count => ({
      label: `${count} tiles`,
      milliseconds: times.slice(0, count).reduce((sum, each) => sum + each, 0),
      perUnit: times[count - 1],
    })),
  }
}

/** Time of one tile by its side; the perUnit figures are microseconds a voxel. */
export async function growthBySide(
  device: GPUDevice,
  tiles: DeviceFacts['tiles'],
  alive: Alive,
): Promise<Growth> {
  const points: Growth['points'][number][] = []
  for (const side of sides) {
    try {
      const opened = await openTile(device, tiles, side)
      const isSlow = opened.firstMs > slowTileMs
      const times = isSlow ? [opened.firstMs] : []
      while (!isSlow && times.length < 3) times.push(await timed(opened.tile))
      opened.release()
      await alive()
      const milliseconds = median(times)
      points.push({
        ...{ label: `${side}³`, milliseconds, perUnit: (1000 * milliseconds) / side ** 3 },
        gpuBytes: opened.bytes,
      })
    } catch (error) {
      points.push({ label: `${side}³: ${describeFailure(error)}`, milliseconds: NaN, perUnit: NaN })
    }
  }
  return { title: `${preset} segmentation, one tile by its side (ours, ${tiles})`, points }
}
