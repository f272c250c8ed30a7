// Waiting for the graphics process without holding the main thread.

/**
 * Resolves when the graphics process has taken in what was sent so far. Sending more before that would block the main
 * thread in the driver: the first slab of a large texture makes it clear all of it, which can take seconds.
 */
export function graphicsDone(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0)
  gl.flush()
  return new Promise(resolve => {
    const poll = () => {
      const isDone =
        !fence || gl.isContextLost() || gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.SIGNALED
      if (!isDone) return void setTimeout(poll, 8)
      gl.deleteSync(fence)
      resolve()
    }
    setTimeout(poll, 0)
  })
}
