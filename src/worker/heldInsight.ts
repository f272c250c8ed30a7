// What the lab's views of windows and features hold outside the store: arrays of the last result of each, and the token
// features that were read of scans.
import type { ClusterResult, TokenResult, WindowResult } from './insightProtocol.ts'

export interface HeldTokens {
  /** Whose features: model, network, role and stage. Scans are clustered together where it is the same. */
  readonly network: string
  /** Which part of the scan was read. */
  readonly part: string
  readonly tokens: TokenResult
}

export interface HeldInsight {
  windows: WindowResult | undefined
  clusters: ClusterResult | undefined
  /** By scan: the open case, and scans that are clustered beside it. */
  readonly tokens: Map<string, HeldTokens>
}

export const createHeldInsight = (): HeldInsight => ({
  windows: undefined,
  clusters: undefined,
  tokens: new Map(),
})
