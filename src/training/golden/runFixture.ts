// One fixture on one path: dispatches on its `op` and sums up the comparisons in a line.
import { checkGraph } from './checkGraph.ts'
import { hasPassed, worstCheck, type Check } from './compare.ts'
import type { Fixture } from './fixture.ts'
import type { Operation, Path } from './operation.ts'
import { operations } from './registry.ts'

export interface Outcome {
  readonly path: string
  readonly label: string
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly text: string
  /** Of the comparison that came nearest to its tolerance, or went farthest beyond it. */
  readonly worst?: { readonly error: number; readonly tolerance: number }
}

/** Why a path does not run an operation, or undefined when it does. */
function reasonToSkip(operation: Operation, path: Path): string | undefined {
  const isInference = operation.kind === 'whole' && operation.isInference === true
  if (path.halfError !== undefined && !isInference)
    return 'values are stored as halves for inference alone; whole forward passes run here'
  if (operation.kind !== 'whole') return undefined
  if (path.name === 'tfjs') return 'a whole network in plain JavaScript takes minutes; the onnx path runs it'
  if (path.name === 'webgpu') return 'whole networks are compiled for WebGPU; the plan path runs it'
  return undefined
}

function summarise(checks: readonly Check[]): Pick<Outcome, 'status' | 'text' | 'worst'> {
  const worst = worstCheck(checks)
  if (!worst) return { status: 'failed', text: 'nothing was compared' }
  const failed = checks.filter(check => !hasPassed(check))
  const figure = `error ${worst.error.toExponential(1)} of ${worst.tolerance.toExponential(1)} in ${worst.tensor}`
  const remarks = checks.flatMap(check => (check.remark ? [check.remark] : []))
  return failed.length === 0
    ? { status: 'passed', text: [`${figure}, ${checks.length} compared`, ...remarks].join('; '), worst }
    : {
        status: 'failed',
        worst,
        text: `${figure}; ${failed.length} of ${checks.length} beyond tolerance: ${failed
          .slice(0, 6)
          .map(check => check.tensor)
          .join(', ')}`,
      }
}

async function checksOf(operation: Operation, fixture: Fixture, path: Path): Promise<Check[]> {
  if (operation.kind === 'host') return operation.check(fixture)
  if (operation.kind === 'graph') return checkGraph(operation, fixture, path)
  return operation.check(fixture, path)
}

/** Runs the fixture that `read` gives; whatever goes wrong becomes a failed outcome, so that the others still run. */
export async function runFixture(
  name: string,
  read: () => Fixture | Promise<Fixture>,
  path: Path,
): Promise<Outcome> {
  let label = name
  try {
    const fixture = await read()
    label = fixture.label
    const operation = Object.hasOwn(operations, fixture.op) ? operations[fixture.op] : undefined
    if (!operation)
      return { path: path.name, label, status: 'failed', text: `the operation '${fixture.op}' is unknown` }
    const reason = reasonToSkip(operation, path)
    if (reason) return { path: path.name, label, status: 'skipped', text: reason }
    return { path: path.name, label, ...summarise(await checksOf(operation, fixture, path)) }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { path: path.name, label, status: 'failed', text }
  }
}
