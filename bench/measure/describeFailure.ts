/** The first line of an error, short enough for a table. */
export function describeFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const line = text.trim().split('\n')[0]
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}
