// What the lab's views of windows and features hold outside the store: arrays of the last result of each.
import type { ClusterResult, WindowResult } from './insightProtocol.ts'

export interface HeldInsight {
  windows: WindowResult | undefined
  clusters: ClusterResult | undefined
}

export const createHeldInsight = (): HeldInsight => ({ windows: undefined, clusters: undefined })
