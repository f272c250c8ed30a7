// Binds the vanilla store to React.
import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { Workbench, WorkbenchStore } from '../state/store.ts'

export const WorkbenchContext = createContext<WorkbenchStore | null>(null)

export function useWorkbenchStore(): WorkbenchStore {
  const store = useContext(WorkbenchContext)
  if (!store) throw new Error('useWorkbench: a component was rendered outside of WorkbenchContext.')
  return store
}

export function useWorkbench<Value>(select: (state: Workbench) => Value): Value {
  return useStore(useWorkbenchStore(), select)
}
