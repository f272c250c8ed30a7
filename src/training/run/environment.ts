// Where a run computes. Floating-point sums depend on it, so a continued run is identical to an uninterrupted one only
// where all of it is the same.

/** Everything that the bits of a result depend on, by name: device, backend, threads, versions. */
export type Environment = Readonly<Record<string, string | number>>

/** One stretch of a run, from a start or a continuation on. */
export interface Session {
  readonly fromStep: number
  readonly environment: Environment
}

/** A sentence when `now` differs from where the run was computed before; undefined when it goes on identically. */
export function describeChange(before: Environment, now: Environment): string | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  const changes = names
    .filter(name => before[name] !== now[name])
    .map(name => `${name} ${before[name] ?? 'unknown'} → ${now[name] ?? 'unknown'}`)
  if (changes.length === 0) return undefined
  return `The run goes on elsewhere than it was computed before (${changes.join(', ')}): it is no longer identical, bit for bit, to a run without interruption.`
}
