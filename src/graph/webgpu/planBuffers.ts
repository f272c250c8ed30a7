// All device memory of a plan, from allocation to release.
import { DeviceMemoryError } from '../../base/errors.ts'
import type { Graph } from '../graph.ts'
import { constantBytes, storageKinds, type Storage, type StorageKind, type StoredPlace } from './storage.ts'

export class PlanBuffers {
  private readonly owned: GPUBuffer[] = []
  private isReleased = false

  private constructor(
    private readonly device: GPUDevice,
    private readonly buffers: Readonly<Record<StorageKind, readonly GPUBuffer[]>>,
  ) {
    this.owned.push(...storageKinds.flatMap(kind => buffers[kind]))
  }

  /** @throws Error in a sentence when the device has not enough memory. */
  static async allocate(device: GPUDevice, { buffers }: Storage): Promise<PlanBuffers> {
    device.pushErrorScope('out-of-memory')
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
    const make = (kind: StorageKind) =>
      buffers[kind].map(size => device.createBuffer({ label: `plan ${kind}`, size, usage }))
    const made = new PlanBuffers(device, {
      constants: make('constants'),
      resident: make('resident'),
      arena: make('arena'),
    })
    const error = await device.popErrorScope()
    if (!error) return made
    made.release()
    const bytes = storageKinds.flatMap(kind => buffers[kind]).reduce((total, size) => total + size, 0)
    throw new DeviceMemoryError(
      `The GPU has not the ${bytes} bytes of memory that this computation needs; compute smaller tiles or fewer samples at once.`,
    )
  }

  of({ kind, buffer }: StoredPlace): GPUBuffer {
    return this.buffers[kind][buffer]
  }

  /** Takes over a buffer that is to be destroyed with the others. */
  own(buffer: GPUBuffer): void {
    this.owned.push(buffer)
  }

  writeConstants(graph: Graph, { places }: Storage): void {
    for (const [id, place] of places)
      if (place.kind === 'constants') this.write(place, constantBytes(graph, id, place))
  }

  write(place: StoredPlace, data: Float32Array | Int32Array | Uint16Array): void {
    this.device.queue.writeBuffer(this.of(place), place.offset, data as Float32Array<ArrayBuffer>)
  }

  requireLive(): void {
    if (this.isReleased) throw new Error('The plan has been released and cannot run; compile it again.')
  }

  release(): void {
    this.isReleased = true
    for (const buffer of this.owned) buffer.destroy()
    this.owned.length = 0
  }
}
