// What WebGPU is asked for, whoever asks: dispatches, bytes of live buffers, and when the last work was handed over.
// Every entrant of a process or page is counted the same way, because the methods of WebGPU itself are wrapped.

export interface GpuCounters {
  dispatches: number
  liveBytes: number
  /** The most that was live since it was last set. */
  peakBytes: number
  /** performance.now() after the last submit: until then JavaScript was busy, afterwards the GPU alone. */
  lastSubmitAt: number
}

const counters: GpuCounters = { dispatches: 0, liveBytes: 0, peakBytes: 0, lastSubmitAt: 0 }
let isInstalled = false

/** Calls `then` with the object and the result after every call of a method of these objects. */
function after(prototype: object, name: string, then: (self: object, result: unknown) => void): void {
  const methods = prototype as Record<string, (...given: unknown[]) => unknown>
  const original = methods[name]
  methods[name] = function (this: object, ...given: unknown[]) {
    const result = original.apply(this, given)
    then(this, result)
    return result
  }
}

/** Starts counting; WebGPU's classes must be global by now. Calling it again changes nothing. */
export function gpuCounters(): GpuCounters {
  if (isInstalled || typeof GPUDevice === 'undefined') return counters
  isInstalled = true
  const bytes = new WeakMap<object, number>()
  after(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', () => (counters.dispatches += 1))
  after(GPUQueue.prototype, 'submit', () => (counters.lastSubmitAt = performance.now()))
  after(GPUDevice.prototype, 'createBuffer', (_, made) => {
    const buffer = made as GPUBuffer
    bytes.set(buffer, buffer.size)
    counters.liveBytes += buffer.size
    counters.peakBytes = Math.max(counters.peakBytes, counters.liveBytes)
  })
  after(GPUBuffer.prototype, 'destroy', buffer => {
    counters.liveBytes -= bytes.get(buffer) ?? 0
    bytes.delete(buffer)
  })
  return counters
}
