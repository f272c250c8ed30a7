// ONNX Runtime on the exported file: on the processor through the product's own session, and in the page on WebGPU.
import type * as Ort from 'onnxruntime-web'
import { portName } from '../../src/graph/lower/names.ts'
import { toOnnx } from '../../src/graph/onnx.ts'
import { createSession, type Runtime } from '../../src/graph/session.ts'
import type { Entrant } from './entrant.ts'

export function onnxCpuEntrant(name: string, runtime: Runtime): Entrant {
  return {
    name,
    runsOn: 'processor',
    async prepare({ graph, values, compared }) {
      const session = await createSession(graph, runtime)
      return {
        async run() {
          await session.run(values)
        },
        async results() {
          const results = await session.run(values)
          return Object.fromEntries(compared.map(key => [key, results[key].data]))
        },
        release: () => session.release(),
      }
    },
  }
}

type WebOrt = Pick<typeof Ort, 'InferenceSession' | 'Tensor'>

function upload(device: GPUDevice, values: Float32Array | Int32Array): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  // ONNX Runtime wants multiples of 16 bytes.
  const size = 16 * Math.ceil(values.byteLength / 16)
  const buffer = device.createBuffer({ size, usage })
  device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>)
  return buffer
}

/** Inputs and outputs stay on the device, which is ours: the provider adopts it. */
export function onnxWebgpuEntrant(ort: WebOrt, device: GPUDevice): Entrant {
  return {
    name: 'ORT web WebGPU',
    runsOn: 'gpu',
    async prepare({ graph, values, compared }) {
      const session = await ort.InferenceSession.create(toOnnx(graph, { name: 'graph', isTuned: true }), {
        executionProviders: [{ name: 'webgpu', device } as Ort.InferenceSession.ExecutionProviderConfig],
        preferredOutputLocation: 'gpu-buffer',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      })
      const buffers = new Map(Object.keys(graph.inputs).map(key => [key, upload(device, values[key])]))
      const feeds = Object.fromEntries(
        Object.entries(graph.inputs).map(([key, id]) => {
          const { shape, dtype } = graph.values[id]
          const dataType = dtype === 'int32' ? 'int32' : 'float32'
          const dims = [...shape]
          return [portName('in', key), ort.Tensor.fromGpuBuffer(buffers.get(key)!, { dataType, dims })]
        }),
      )
      const disposeAll = (results: Ort.InferenceSession.ReturnType) => {
        for (const tensor of Object.values(results)) tensor.dispose()
      }
      return {
        async run() {
          const results = await session.run(feeds)
          await device.queue.onSubmittedWorkDone()
          disposeAll(results)
        },
        async results() {
          const results = await session.run(feeds)
          const read: Record<string, Float32Array> = {}
          for (const key of compared)
            read[key] = Float32Array.from((await results[portName('out', key)].getData()) as Float32Array)
          disposeAll(results)
          return read
        },
        async release() {
          await session.release()
          for (const buffer of buffers.values()) buffer.destroy()
        },
      }
    },
  }
}
