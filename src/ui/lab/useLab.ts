// What several sections of the lab read: the newest attention, the slice of the region at the crosshair, the value there.
import type { Triple } from '../../base/shape.ts'
import { cellAt, cellIndex } from '../../insight/scanMap.ts'
import type { LabCrop } from '../../insight/labCrop.ts'
import { mapOf } from '../../state/attentionSlice.ts'
import { openLabNetwork } from '../../state/labSlice.ts'
import type { AttentionResult } from '../../worker/labProtocol.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { normalAxis } from './cropSlice.ts'
import { useHeld } from './useHeld.ts'

/** The newest attention, also while the next one is computed. */
export function useAttention(): AttentionResult | undefined {
  // Whoever reads it is drawn again when its state changes.
  useWorkbench(state => state.attention)
  return useHeld().attention()
}

export function useScanGrid() {
  const caseId = useWorkbench(state => state.openCase?.id)
  const held = useHeld()
  return caseId === undefined ? undefined : held.scan(caseId)?.series.volume
}

/** The region's slice at the crosshair, clamped to the region. */
export function useCropIndex(crop: LabCrop | undefined): number {
  const plane = useWorkbench(state => state.labPlane)
  const crosshair = useWorkbench(state => state.crosshairRasMm)
  const grid = useScanGrid()
  if (!crop || !grid || !crosshair) return 0
  const axis = normalAxis(plane)
  return Math.max(0, Math.min(crop.shape[axis] - 1, cellAt(grid, crop, crop.shape, crosshair)[axis]))
}

/** Black and white of the viewer's window in the network's own range. */
export function useCropWindow(): { low: number; high: number } {
  const network = useWorkbench(openLabNetwork)
  const window = useWorkbench(state => state.window)
  if (!network) return { low: 0, high: 1 }
  const [from, to] = network.outputRange
  const [lowHu, highHu] = network.huWindow
  const normal = (hu: number) => from + ((hu - lowHu) / (highHu - lowHu)) * (to - from)
  return {
    low: normal(window.levelHu - window.widthHu / 2),
    high: normal(window.levelHu + window.widthHu / 2),
  }
}

export interface AttentionValue {
  readonly value: number
  /** 1 is the most attended token. */
  readonly rank: number
  readonly tokens: number
  readonly token: Triple
}

/** The shown head's attention at the crosshair; undefined outside of the region or before there is any. */
export function useAttentionHere(): AttentionValue | undefined {
  const result = useAttention()
  const head = useWorkbench(state => state.head)
  const crosshair = useWorkbench(state => state.crosshairRasMm)
  const grid = useScanGrid()
  if (!result || !crosshair || !grid) return undefined
  const token = cellAt(grid, result.crop, result.grid, crosshair)
  const at = cellIndex(result.grid, token)
  if (at === undefined) return undefined
  const values = mapOf(result, head)
  const value = values[at]
  const rank = 1 + values.reduce((above, other) => above + (other > value ? 1 : 0), 0)
  return { value, rank, tokens: values.length, token }
}
