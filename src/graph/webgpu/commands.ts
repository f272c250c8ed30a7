// The dispatches of a plan with everything made beforehand: pipelines, uniform blocks, bind groups. Recording them again
// is all that a run costs.
import { DeviceMemoryError } from '../../base/errors.ts'
import { preparePipelines, type ComputeStep } from '../../kernels/gpuProgram.ts'

export interface Command {
  /** Number of the task that it belongs to. */
  readonly task: number
  readonly pipeline: GPUComputePipeline
  readonly bindGroup: GPUBindGroup
  readonly workgroups: readonly [number, number, number]
}

export interface Commands {
  readonly list: readonly Command[]
  /** All uniform blocks; the owner destroys it. */
  readonly uniforms: GPUBuffer
}

const blockBytes = (words: Uint32Array) => 16 * Math.ceil(words.byteLength / 16)

/** Places of the distinct uniform blocks, and bytes of all. */
export function placeUniforms(steps: readonly ComputeStep[], alignment: number) {
  const offsets = new Map<string, number>()
  let bytes = 0
  for (const { uniforms } of steps) {
    const key = uniforms.join()
    if (offsets.has(key)) continue
    offsets.set(key, bytes)
    bytes += alignment * Math.ceil(blockBytes(uniforms) / alignment)
  }
  return { offsets, bytes: Math.max(alignment, bytes) }
}

function writeUniforms(device: GPUDevice, steps: readonly ComputeStep[]) {
  const { offsets, bytes } = placeUniforms(steps, device.limits.minUniformBufferOffsetAlignment)
  const buffer = device.createBuffer({
    label: 'plan uniforms',
    size: bytes,
    usage: GPUBufferUsage.UNIFORM,
    mappedAtCreation: true,
  })
  const words = new Uint32Array(buffer.getMappedRange())
  for (const { uniforms } of steps) words.set(uniforms, offsets.get(uniforms.join())! / 4)
  buffer.unmap()
  return { buffer, offsets }
}

/** A step that cannot be bound is refused here, in a sentence. */
export function requireBindable({ buffers }: ComputeStep, label: string, mostBytes: number): void {
  for (const { size = 0 } of Object.values(buffers))
    if (size > mostBytes)
      throw new DeviceMemoryError(
        `The step '${label}' reads or writes a value of ${size} bytes, but this device binds at most ${mostBytes} bytes; compute smaller tiles or fewer samples at once.`,
      )
}

/** Compiles and binds `steps`; `tasks` says which task each belongs to. */
export async function makeCommands(
  device: GPUDevice,
  steps: readonly ComputeStep[],
  tasks: readonly number[],
  onProgress?: (ready: number, total: number) => void,
): Promise<Commands> {
  const pipelines = await preparePipelines(device, steps, onProgress)
  device.pushErrorScope('validation')
  const { buffer, offsets } = writeUniforms(device, steps)
  const list = steps.map((step, at): Command => {
    const pipeline = pipelines[at]
    const { uniforms } = step
    const block = { buffer, offset: offsets.get(uniforms.join())!, size: blockBytes(uniforms) }
    const storage = Object.entries(step.buffers).map(([binding, resource]) => ({
      binding: Number(binding),
      resource,
    }))
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: block }, ...storage],
    })
    return { task: tasks[at], pipeline, bindGroup, workgroups: step.workgroups }
  })
  const error = await device.popErrorScope()
  if (error) {
    buffer.destroy()
    throw new Error(`A step of the plan cannot be bound as its program declares: ${error.message}`)
  }
  return { list, uniforms: buffer }
}

function dispatch(pass: GPUComputePassEncoder, { pipeline, bindGroup, workgroups }: Command): void {
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, bindGroup)
  pass.dispatchWorkgroups(...workgroups)
}

/** Records all commands in one pass. */
export function recordCommands(encoder: GPUCommandEncoder, { list }: Commands): void {
  const pass = encoder.beginComputePass({ label: 'plan' })
  list.forEach(command => dispatch(pass, command))
  pass.end()
}

/** Commands of one task, timed: a pass of its own between two queries of the set. */
export function recordTimed(
  encoder: GPUCommandEncoder,
  commands: readonly Command[],
  querySet: GPUQuerySet,
  query: number,
): void {
  const timestampWrites = {
    querySet,
    beginningOfPassWriteIndex: query,
    endOfPassWriteIndex: query + 1,
  }
  const pass = encoder.beginComputePass({ timestampWrites })
  commands.forEach(command => dispatch(pass, command))
  pass.end()
}
