// The arrays that the page holds outside the store, for sections of the lab that draw them.
import { createContext, useContext } from 'react'
import type { HeldArrays } from '../../worker/heldArrays.ts'

export const HeldContext = createContext<HeldArrays | null>(null)

export function useHeld(): HeldArrays {
  const held = useContext(HeldContext)
  if (!held) throw new Error('useHeld: a component was rendered outside of HeldContext.')
  return held
}
