import { afterEach, describe, expect, test } from 'vitest'
import { CancelledError, DeviceMemoryError, InputError, throwIfCancelled } from '../base/errors.ts'
import { createClient } from './client.ts'
import type { WorkerLike } from './client.ts'
import { serveTasks } from './serveTasks.ts'
import type { Handlers, MessageScope } from './serveTasks.ts'

type Tasks = {
  double: { input: number; progress: number; result: number }
  refuse: { input: null; progress: null; result: null }
  outgrow: { input: null; progress: null; result: null }
  count: { input: number; progress: number; result: number }
}

const pause = () => new Promise(resolve => setTimeout(resolve, 2))
let counted = 0

const handlers: Handlers<Tasks> = {
  async double(input, { report }) {
    report(0.5)
    return { result: 2 * input }
  },
  async outgrow() {
    throw new DeviceMemoryError('The GPU cannot hold 9 GB; choose a smaller crop.')
  },
  async refuse() {
    throw new InputError('A text file came; a scan is expected: choose another file.', 'byte 0 is 0x41')
  },
  async count(input, { signal }) {
    for (counted = 0; counted < input; counted++) {
      throwIfCancelled(signal)
      await pause()
    }
    return { result: counted }
  },
}

/** Client and server joined by a real message channel: what crosses is cloned as between page and worker. */
function connect() {
  const { port1, port2 } = new MessageChannel()
  const server = {
    postMessage: (message: unknown, transfer: Transferable[]) => port2.postMessage(message, transfer),
    addEventListener: (_type: string, listener: (event: MessageEvent) => void) =>
      (port2.onmessage = listener),
  }
  serveTasks(server as unknown as MessageScope, handlers)
  ports.push(port1, port2)
  return createClient<Tasks>(() => port1 as unknown as WorkerLike)
}

/** As `connect`, with a worker that counts how often it was started and ended. */
function connectFleeting() {
  const count = { started: 0, ended: 0 }
  const start = () => {
    count.started++
    const { port1, port2 } = new MessageChannel()
    const server = {
      postMessage: (message: unknown, transfer: Transferable[]) => port2.postMessage(message, transfer),
      addEventListener: (_type: string, listener: (event: MessageEvent) => void) =>
        (port2.onmessage = listener),
    }
    serveTasks(server as unknown as MessageScope, handlers)
    ports.push(port1, port2)
    const terminate = () => {
      count.ended++
      port1.close()
    }
    return Object.assign(port1, { terminate }) as unknown as WorkerLike
  }
  return { client: createClient<Tasks>(start, { endsWhenIdle: true }), count }
}

const ports: MessagePort[] = []
afterEach(() => ports.splice(0).forEach(port => port.close()))

describe('tasks across the worker’s border', () => {
  test('a result comes back, with the progress before it', async () => {
    const progress: number[] = []
    const result = await connect().run('double', 21, { onProgress: value => progress.push(value) })
    expect([result, progress]).toEqual([42, [0.5]])
  })
  test('bad input arrives as the same sentence with its details', async () => {
    const error = await connect()
      .run('refuse', null)
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).details).toBe('byte 0 is 0x41')
  })
  test('what a device cannot hold is a sentence for the reader, not a fault of the program', async () => {
    const { run } = connect()
    await expect(run('outgrow', null)).rejects.toThrow(InputError)
    await expect(run('outgrow', null)).rejects.toThrow(/choose a smaller crop/)
  })

  test('cancel is acknowledged at once and ends the job in the worker soon after', async () => {
    const client = connect()
    const controller = new AbortController()
    const run = client.run('count', 100_000, { signal: controller.signal })
    await pause()
    controller.abort()
    await expect(run).rejects.toBeInstanceOf(CancelledError)
    await client.idle()
    expect(counted).toBeLessThan(1000)
  })
  test('two jobs at once get their own results', async () => {
    const client = connect()
    expect(
      await Promise.all([client.run('double', 1), client.run('count', 2), client.run('double', 3)]),
    ).toEqual([2, 2, 6])
  })
  test('a worker that ends with its last job is started again by the next one', async () => {
    const { client, count } = connectFleeting()
    await Promise.all([client.run('double', 1), client.run('count', 2)])
    expect(count).toEqual({ started: 1, ended: 1 })
    expect(await client.run('double', 4)).toBe(8)
    expect(count).toEqual({ started: 2, ended: 2 })
  })
  test('ending a worker ends its jobs as cancelled', async () => {
    const { client, count } = connectFleeting()
    const run = client.run('count', 100_000)
    client.end()
    await expect(run).rejects.toBeInstanceOf(CancelledError)
    await client.idle()
    expect(count.ended).toBe(1)
  })
})
