// Starts the measuring process: this command once more, as a child.
import { fork } from 'node:child_process'
import type { BenchEvent } from '../protocol.ts'
import type { Launch } from '../supervise.ts'

export const childFlag = '--measure-in-node'

export const launchNode: Launch = (job, onEvent) => {
  const child = fork(process.argv[1], [childFlag], {
    execArgv: process.execArgv,
    // JSON would make null of infinite differences.
    serialization: 'advanced',
    // stdout belongs to the parent's results.
    stdio: ['ignore', 'ignore', process.env.BENCH_VERBOSE ? 'inherit' : 'ignore', 'ipc'],
  })
  child.on('message', message => onEvent(message as BenchEvent))
  child.send(job)
  const ended = new Promise<string>(resolve => {
    child.on('close', (code, signal) => resolve(signal ? `by ${signal}` : `with code ${code}`))
    child.on('error', error => resolve(`with ${error.message}`))
  })
  return Promise.resolve({ ended, stop: () => child.kill('SIGKILL') })
}
