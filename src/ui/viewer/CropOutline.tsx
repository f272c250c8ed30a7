// The lab's region on a view: solid where the slice cuts it, faint where the region lies behind or before the slice.
import { useWorkbench } from '../useWorkbench.ts'
import type { CtViewer } from './ctViewer.ts'
import { pixelOf } from './frame.ts'
import type { SliceTile, Whd } from './frame.ts'

export function CropOutline({ tile, viewer }: { tile: SliceTile; viewer: CtViewer }) {
  const crop = useWorkbench(state => (state.mode === 'explore' ? state.labCrop : null))
  const box = crop && viewer.painter.boxOf(crop)
  if (!box) return null
  const { rect, normal } = tile
  const [a, b] = [box.low, box.high].map(voxel => pixelOf(tile, edge(voxel), viewer.dims))
  const isCut = tile.slice - 0.5 >= box.low[normal] && tile.slice - 0.5 <= box.high[normal]
  return (
    <svg className="crosshair" width={rect.width} height={rect.height}>
      <rect
        className={isCut ? 'crop-outline' : 'crop-outline away'}
        x={Math.min(a.x, b.x) - rect.left}
        y={Math.min(a.y, b.y) - rect.top}
        width={Math.abs(a.x - b.x)}
        height={Math.abs(a.y - b.y)}
      />
    </svg>
  )
}

/** `pixelOf` counts from voxel centres, a box from edges. */
const edge = ([w, h, d]: Whd): Whd => [w - 0.5, h - 0.5, d - 0.5]
