// For tests: runs a command of this folder as a user does, in a process of its own.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface CommandResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Exit code, output and errors of `cli/NAME.ts`. */
export function testCommand(name: string, ...args: readonly string[]): Promise<CommandResult> {
  const command = [path.join(root, 'scripts', 'run.mjs'), `cli/${name}.ts`, ...args]
  return new Promise(resolve => {
    execFile(process.execPath, command, { cwd: root }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err }),
    )
  })
}
