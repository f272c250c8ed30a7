// How a command ends: a sentence on stderr and exit code 2 for what the user can mend, 130 for a cancelled run, and the
// stack for what is our mistake.
import { CancelledError, DeviceMemoryError, InputError } from '../../src/base/errors.ts'

/** Runs a command's `main` and sets the process's exit code. */
export function runCommand(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const isUsage =
      error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
    if (error instanceof InputError || error instanceof DeviceMemoryError || isUsage) {
      console.error((error as Error).message)
      process.exitCode = 2
    } else if (error instanceof CancelledError) {
      console.error(error.message)
      process.exitCode = 130
    } else {
      console.error(error)
      process.exitCode = 1
    }
  })
}
