// Parts that come one after the other, each in a task of its own: a panel that is made at once holds the page for as long as
// all of them together take.
import { Children, useEffect, useState } from 'react'
import type { ReactNode } from 'react'

/** How many of `count` parts may be made by now. */
export function useStaggered(count: number): number {
  const [made, setMade] = useState(1)
  useEffect(() => {
    if (made >= count) return
    const next = setTimeout(() => setMade(made + 1))
    return () => clearTimeout(next)
  }, [made, count])
  return made
}

export function Staggered({ children }: { children: ReactNode }) {
  const parts = Children.toArray(children)
  return parts.slice(0, useStaggered(parts.length))
}
