// Keeps an element at the top of the panel that scrolls it.
import { useEffect, type RefObject } from 'react'

/** While `isWanted`, also as what stands above grows or shrinks; until the reader scrolls, points or goes into the panel by keys. */
export function useKeptInSight(element: RefObject<HTMLElement | null>, isWanted: boolean): void {
  useEffect(() => {
    const { current } = element
    if (!isWanted || !current) return
    const observer = new ResizeObserver(() => current.scrollIntoView({ block: 'start' }))
    const panel = current.parentElement
    for (const section of panel?.children ?? []) observer.observe(section)
    const listening = new AbortController()
    const stop = () => {
      observer.disconnect()
      listening.abort()
    }
    const { signal } = listening
    addEventListener('wheel', stop, { signal })
    addEventListener('pointerdown', stop, { signal })
    panel?.addEventListener('focusin', stop, { signal })
    return stop
  }, [element, isWanted])
}
