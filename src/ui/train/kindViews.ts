// What a kind of run shows below its curves.
import type { ComponentType } from 'react'
import { FinetuneView } from './result/FinetuneView.tsx'
import type { RunDetails, RunKind, RunRow } from '../../worker/trainProtocol.ts'

export interface KindViewProps {
  /** Null until the library has read the run. */
  readonly details: RunDetails | null
  readonly rows: readonly RunRow[]
}

export const KIND_VIEWS: Partial<Record<RunKind, ComponentType<KindViewProps>>> = { finetune: FinetuneView }
