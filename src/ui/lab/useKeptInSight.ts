// Keeps an element at the top of the panel that scrolls it.
import { useEffect, type RefObject } from 'react'

/** While `isWanted`, also as what stands above grows or shrinks; until the reader scrolls or works in the page. */
export function useKeptInSight(element: RefObject<HTMLElement | null>, isWanted: boolean): void {
  useEffect(() => {
    const { current } = element
    if (!isWanted || !current) return
    const observer = new ResizeObserver(() => current.scrollIntoView({ block: 'start' }))
    for (const sibling of current.parentElement?.children ?? []) observer.observe(sibling)
    const stop = () => observer.disconnect()
    addEventListener('wheel', stop, { once: true })
    addEventListener('pointerdown', stop, { once: true })
    return () => {
      stop()
      removeEventListener('wheel', stop)
      removeEventListener('pointerdown', stop)
    }
  }, [element, isWanted])
}
