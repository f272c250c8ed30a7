// Runs a WebGPU path in a child process: a software adapter sometimes crashes the process that uses it. After a
// signal the fixtures that are left are run once more; a failed comparison is never repeated.
import { fork } from 'node:child_process'
import type { PathName } from './paths.ts'
import type { Outcome } from '../../src/training/golden/runFixture.ts'

const mostCrashes = 1

export type GpuPathName = Extract<PathName, 'webgpu' | 'plan' | 'plan-f16'>

/** True for the paths that run in a child process. */
export function isGpuPath(name: PathName): name is GpuPathName {
  return name === 'webgpu' || name === 'plan' || name === 'plan-f16'
}

/** The child's message: one outcome. Resolves when it has left, since the process may end right after. */
export function reportToParent(outcome: Outcome): Promise<void> {
  return new Promise(resolve => {
    if (process.send) process.send(outcome, () => resolve())
    else resolve()
  })
}

/** Starts one child for `files`; resolves with the outcomes it delivered and the signal that ended it, if any. */
function runOnce(
  name: GpuPathName,
  files: readonly string[],
  folder: string,
  onOutcome: (outcome: Outcome) => void,
): Promise<{ delivered: number; signal: string | null; code: number | null }> {
  return new Promise(resolve => {
    const child = fork(process.argv[1], [folder, '--child', name, ...files], {
      execArgv: process.execArgv,
    })
    let delivered = 0
    child.on('message', message => {
      delivered += 1
      onOutcome(message as Outcome)
    })
    child.on('close', (code, signal) => resolve({ delivered, signal, code }))
  })
}

/** All files on a WebGPU path; `say` gets remarks about restarts. */
export async function runInChild(
  name: GpuPathName,
  files: readonly string[],
  folder: string,
  onOutcome: (outcome: Outcome) => void,
  say: (remark: string) => void,
): Promise<void> {
  let left = files
  for (let crashes = 0; left.length > 0; crashes++) {
    const { delivered, signal, code } = await runOnce(name, left, folder, onOutcome)
    left = left.slice(delivered)
    if (left.length === 0) return
    const ending = signal ? `by ${signal}` : `with code ${code}`
    if (!signal || crashes >= mostCrashes) {
      for (const file of left)
        onOutcome({
          path: name,
          label: file,
          status: 'failed',
          text: `the process ended ${ending} before this fixture`,
        })
      return
    }
    say(`The WebGPU process was ended ${ending} after ${delivered} fixtures; the rest is run once more.`)
  }
}
