// The measuring process: Dawn, tfjs on WebGPU and WASM, and onnxruntime-node, all in one.
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { requestNodeDevice } from '../../cli/support/nodeGpu.ts'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { describeAdapter } from '../../src/kernels/device.ts'
import type { Entrant } from '../entrants/entrant.ts'
import { onnxCpuEntrant } from '../entrants/onnx.ts'
import { halvesEntrant, offeredFamilies, planEntrant } from '../entrants/ours.ts'
import { openTfjsBackends, tfjsWasmEntrant, tfjsWebgpuEntrants } from '../entrants/tfjs.ts'
import { gpuCounters } from '../measure/gpuCounters.ts'
import { describeFailure } from '../measure/describeFailure.ts'
import { runJob, type Bench } from '../measure/runJob.ts'
import type { BenchEvent, Job } from '../protocol.ts'

/** An entrant that cannot be had here, with the reason. */
function missing(name: string, error: unknown): Entrant {
  return { name, runsOn: 'processor', prepare: () => Promise.reject(error) }
}

async function openWasm(): Promise<Entrant> {
  try {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    // In the packed folder the binaries stand beside this file and not in their package.
    const packed = path.join(path.dirname(process.argv[1]), 'tfjs-wasm')
    if (existsSync(packed)) setWasmPaths(`${packed}/`)
    return tfjsWasmEntrant()
  } catch (error) {
    return missing('tfjs WASM', error)
  }
}

async function openOnnx(): Promise<Entrant> {
  try {
    const runtime = await loadNodeRuntime()
    const isNative = runtime.label.startsWith('onnxruntime-node')
    return onnxCpuEntrant(isNative ? 'ORT node CPU' : 'ORT web WASM in Node', runtime)
  } catch (error) {
    return missing('ORT node CPU', error)
  }
}

async function openBench(): Promise<Bench> {
  const gpu = await requestNodeDevice()
  const { device, adapterInfo, isSoftware, label } = gpu
  gpuCounters()
  openTfjsBackends(gpu)
  await tf.setBackend('webgpu')
  const ours = offeredFamilies(device).map(tiles => planEntrant(device, tiles))
  const halves = (['registers', 'shared'] as const).map(tiles => halvesEntrant(device, tiles))
  const [plain, eager] = tfjsWebgpuEntrants(device)
  const processor = `${os.cpus()[0]?.model.trim() ?? os.arch()}, ${os.availableParallelism()} threads`
  return {
    device,
    place: {
      kind: 'node',
      label: `${label}, Node ${process.versions.node} on ${os.platform()}`,
      adapter: describeAdapter(adapterInfo),
      ...{ isSoftware, processor },
    },
    entrants: [...ours, ...halves, eager, plain, await openWasm(), await openOnnx()],
    onGpu: [...ours, plain],
  }
}

const send = (event: BenchEvent) =>
  new Promise<void>((resolve, reject) => {
    process.send!(event, undefined, undefined, error => (error ? reject(error) : resolve()))
  })

async function measure(job: Job): Promise<void> {
  let bench: Bench
  try {
    bench = await openBench()
  } catch (error) {
    await send({ kind: 'failed', why: describeFailure(error) })
    return
  }
  await runJob(bench, job, send)
}

/** Waits for the job, measures, and ends the process: Dawn would keep it alive. */
export function measureInNode(): void {
  process.once('message', message => {
    measure(message as Job).then(
      () => process.exit(0),
      error => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
