// One tab writes a run. A Web Lock falls with its tab; where there is none (plain http), a lease in the run's folder does
// the same, that the writer renews and that ends by itself a minute after the writer has gone.
import { InputError } from '../../base/errors.ts'
import { readJson, writeJson, type RunStorage } from '../../training/run/storage.ts'

const lockName = (id: string) => `training-run-${id}`
const leaseFile = 'lease.json'
const leaseMs = 60_000
const renewMs = 10_000

const taken = () =>
  new InputError(
    'Another tab is writing this run. It can be looked at here; pause or stop it there before it is changed or continued here.',
  )

interface Lease {
  readonly owner: string
  readonly untilMs: number
}

async function readLease(storage: RunStorage): Promise<Lease | undefined> {
  return (await readJson(storage, leaseFile)) as Lease | undefined
}

/** Holds a lease while `work` goes on. */
async function withLease<T>(storage: RunStorage, work: () => Promise<T>): Promise<T> {
  const owner = String(Math.random())
  const lease = await readLease(storage)
  if (lease && lease.untilMs > Date.now()) throw taken()
  const renew = () => writeJson(storage, leaseFile, { owner, untilMs: Date.now() + leaseMs })
  await renew()
  const timer = setInterval(() => void renew().catch(() => undefined), renewMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    await storage.remove(leaseFile)
  }
}

/** Does `work` while nobody else may write run `id`. @throws InputError when another tab does. */
export async function withRunLock<T>(id: string, storage: RunStorage, work: () => Promise<T>): Promise<T> {
  const { locks } = globalThis.navigator ?? {}
  if (!locks) return withLease(storage, work)
  return locks.request(lockName(id), { ifAvailable: true }, lock => {
    if (!lock) throw taken()
    return work()
  })
}

/** Whether a tab, this one or another, is writing run `id`. */
export async function isBeingWritten(id: string, storage: RunStorage): Promise<boolean> {
  const { locks } = globalThis.navigator ?? {}
  if (!locks) return ((await readLease(storage))?.untilMs ?? 0) > Date.now()
  const { held = [] } = await locks.query()
  return held.some(({ name }) => name === lockName(id))
}
