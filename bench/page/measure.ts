// The measuring page: ours, tfjs, onnxruntime-web and jax-js on one device where they can share it. It is started with a
// job by the command through the function `runBench`, and reports through `emitBenchEvent`.
import * as tf from '@tensorflow/tfjs-core'
import { describeAdapter, requestDevice } from '../../src/kernels/device.ts'
import type { Entrant } from '../entrants/entrant.ts'
import { jaxEntrant } from '../entrants/jax.ts'
import { onnxCpuEntrant, onnxWebgpuEntrant } from '../entrants/onnx.ts'
import { halvesEntrant, offeredFamilies, planEntrant } from '../entrants/ours.ts'
import { openTfjsBackends, tfjsWebgpuEntrants } from '../entrants/tfjs.ts'
import { gpuCounters } from '../measure/gpuCounters.ts'
import { describeFailure } from '../measure/describeFailure.ts'
import { runJob, type Bench } from '../measure/runJob.ts'
import type { BenchEvent, Job } from '../protocol.ts'
import { openWebgpuRuntime, openWasmRuntime } from './onnxWeb.ts'

interface BenchWindow {
  emitBenchEvent(event: BenchEvent): Promise<void>
  runBench(job: Job): Promise<void>
}
const bridge = window as unknown as BenchWindow

/** The entrant, or one that says why it cannot be had. */
async function tryOpen(name: string, open: () => Promise<Entrant>): Promise<Entrant> {
  try {
    return await open()
  } catch (error) {
    return { name, runsOn: 'gpu', prepare: () => Promise.reject(error) }
  }
}

async function openJax(): Promise<Entrant> {
  const jax = await import('@jax-js/jax')
  const devices = await jax.init('webgpu')
  if (!devices.includes('webgpu')) throw new Error('jax-js found no WebGPU')
  jax.defaultDevice('webgpu')
  return jaxEntrant(jax)
}

async function openBench(): Promise<Bench> {
  const gpu = await requestDevice(navigator.gpu)
  const { device, adapterInfo, isSoftware } = gpu
  gpuCounters()
  openTfjsBackends(gpu)
  await tf.setBackend('webgpu')
  const ours = offeredFamilies(device).map(tiles => planEntrant(device, tiles))
  const halves = (['registers', 'shared'] as const).map(tiles => halvesEntrant(device, tiles))
  const [plain, eager] = tfjsWebgpuEntrants(device)
  const adapter = describeAdapter(adapterInfo)
  const browser = /Chrom\w+\/\d+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent
  const onnx = await tryOpen('ORT web WebGPU', async () => onnxWebgpuEntrant(openWebgpuRuntime(), device))
  const wasm = openWasmRuntime()
  return {
    device,
    place: {
      kind: 'page',
      label: `WebGPU on ${adapter}, ${browser}`,
      ...{ adapter, isSoftware, processor: `${navigator.hardwareConcurrency} threads` },
    },
    entrants: [
      ...ours,
      ...halves,
      eager,
      plain,
      onnx,
      onnxCpuEntrant(`ORT web WASM, ${wasm.threads} threads`, wasm),
      await tryOpen('jax-js WebGPU', openJax),
    ],
    onGpu: [...ours, plain],
  }
}

bridge.runBench = async job => {
  let bench: Bench
  try {
    bench = await openBench()
  } catch (error) {
    await bridge.emitBenchEvent({ kind: 'failed', why: describeFailure(error) })
    return
  }
  await runJob(bench, job, event => bridge.emitBenchEvent(event))
}
