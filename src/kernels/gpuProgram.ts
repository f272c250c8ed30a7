// Compute programs on plain GPUBuffers: text compiled once a device and variant, immutable uniform blocks, folded
// dispatches. Nothing here knows tfjs.
import { DeviceMemoryError } from '../base/errors.ts'

/** One dispatch of a program's entry point. */
export interface ComputeStep {
  /** Name of the program and its variant record: all that changes the text. */
  readonly key: string
  readonly code: string
  readonly entryPoint: string
  readonly workgroups: readonly [number, number, number]
  /** Contents of the uniform block, binding 0. */
  readonly uniforms: Uint32Array<ArrayBuffer>
  /** Storage buffers by binding number: those that the entry point uses, no others. */
  readonly buffers: Readonly<Record<number, GPUBufferBinding>>
}

interface DeviceCache {
  readonly modules: Map<string, GPUShaderModule>
  readonly pipelines: Map<string, GPUComputePipeline>
  readonly uniforms: Map<string, GPUBuffer>
}

const caches = new WeakMap<GPUDevice, DeviceCache>()

function cacheOf(device: GPUDevice): DeviceCache {
  let cache = caches.get(device)
  if (!cache) {
    cache = { modules: new Map(), pipelines: new Map(), uniforms: new Map() }
    caches.set(device, cache)
  }
  return cache
}

function remember<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function pipelineDescriptor(device: GPUDevice, { key, code, entryPoint }: ComputeStep) {
  // A generated text is its own key, and too long for a label.
  const label = key.length < 200 ? key : 'generated'
  const module = remember(cacheOf(device).modules, key, () => device.createShaderModule({ label, code }))
  return { label, layout: 'auto', compute: { module, entryPoint } } as const
}

const pipelineKey = ({ key, entryPoint }: ComputeStep) => `${key} ${entryPoint}`

function pipelineFor(device: GPUDevice, step: ComputeStep): GPUComputePipeline {
  const { pipelines } = cacheOf(device)
  return remember(pipelines, pipelineKey(step), () =>
    device.createComputePipeline(pipelineDescriptor(device, step)),
  )
}

/**
 * The pipelines of steps, in their order, compiled side by side and without blocking; what was compiled before is taken.
 * @param onProgress how many of the programs that had to be compiled are ready
 * @throws Error with the driver's message when a program is refused.
 */
export async function preparePipelines(
  device: GPUDevice,
  steps: readonly ComputeStep[],
  onProgress?: (ready: number, total: number) => void,
): Promise<GPUComputePipeline[]> {
  const { pipelines } = cacheOf(device)
  const missing = new Map(
    steps.filter(step => !pipelines.has(pipelineKey(step))).map(step => [pipelineKey(step), step]),
  )
  let ready = 0
  const compile = async ([key, step]: readonly [string, ComputeStep]) => {
    pipelines.set(key, await device.createComputePipelineAsync(pipelineDescriptor(device, step)))
    onProgress?.(++ready, missing.size)
  }
  await Promise.all([...missing].map(compile))
  return steps.map(step => pipelineFor(device, step))
}

// Blocks are never rewritten: a command that was recorded but not submitted yet would read the new contents. There are
// few of them, one a shape.
function uniformsFor(device: GPUDevice, words: Uint32Array<ArrayBuffer>): GPUBuffer {
  return remember(cacheOf(device).uniforms, words.join(), () => {
    const size = 16 * Math.ceil(words.byteLength / 16)
    const buffer = device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM, mappedAtCreation: true })
    new Uint32Array(buffer.getMappedRange()).set(words)
    buffer.unmap()
    return buffer
  })
}

/** Records the steps, in order, each seeing what the ones before wrote. */
export function encodeSteps(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  steps: readonly ComputeStep[],
): void {
  const pass = encoder.beginComputePass({ label: steps[0].key })
  for (const step of steps) {
    const pipeline = pipelineFor(device, step)
    const uniforms = { binding: 0, resource: { buffer: uniformsFor(device, step.uniforms) } }
    const storage = Object.entries(step.buffers).map(([binding, resource]) => ({
      binding: Number(binding),
      resource,
    }))
    const layout = pipeline.getBindGroupLayout(0)
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, device.createBindGroup({ layout, entries: [uniforms, ...storage] }))
    pass.dispatchWorkgroups(...step.workgroups)
  }
  pass.end()
}

/** WebGPU's guaranteed number of workgroups along an axis. */
const mostWorkgroups = 65_535

/** `count` workgroups on two axes (the last row may be longer than needed), times `slices` on the third. */
export function foldWorkgroups(count: number, slices = 1): [number, number, number] {
  const rows = Math.ceil(count / mostWorkgroups)
  return [Math.ceil(count / rows), rows, slices]
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b)

/**
 * How many samples of a batch may be bound at once: within the device's largest binding, and so that the next samples
 * begin where a binding may begin. @param sampleBytes bytes of one sample in each buffer that is split
 * @throws Error when a single sample is larger than a binding may be.
 */
export function samplesPerBinding(
  batch: number,
  sampleBytes: readonly number[],
  mostBytes: number,
  alignmentBytes: number,
): number {
  const largest = Math.max(...sampleBytes)
  if (batch * largest <= mostBytes) return batch
  const unit = alignmentBytes / sampleBytes.reduce(greatestCommonDivisor, alignmentBytes)
  const samples = Math.floor(mostBytes / largest / unit) * unit
  if (samples > 0) return samples
  throw new DeviceMemoryError(
    `A buffer of ${batch * largest} bytes cannot be bound on this device, whose limit is ${mostBytes} bytes; compute smaller tiles or fewer samples at once.`,
  )
}
