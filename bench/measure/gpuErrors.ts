// What a rejected program leaves undone is fast, and wrong: errors that nobody caught are kept for whoever ran last.

let first: string | undefined

export function watchErrors(device: GPUDevice): void {
  device.addEventListener('uncapturederror', event => {
    first ??= event.error.message
  })
  void device.lost.then(({ message, reason }) => {
    if (reason !== 'destroyed') first ??= `the device was lost: ${message}`
  })
}

/** @throws Error with the first error since the last call. Errors arrive with the next turn of the event loop. */
export async function requireNoError(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 0))
  const error = first
  first = undefined
  if (error !== undefined) throw new Error(`WebGPU: ${error}`)
}
