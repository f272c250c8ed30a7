// The DOM over each view: orientation letters, slice and position, window, crosshair, finding numbers.
import { memo } from 'react'
import { capitalise, formatHu, formatRas, formatRasLines, formatSpacing, formatWindow } from '../format.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { CropOutline } from './CropOutline.tsx'
import type { CtViewer } from './ctViewer.ts'
import { edgeLetters, pixelOf } from './frame.ts'
import type { Frame, Rect, SliceTile } from './frame.ts'
import { findingCss } from './palette.ts'

/** Half the gap in the crosshair, CSS pixels: what is looked at is never covered. */
const GAP = 14
/** Below this width of a view its texts would meet in the middle, CSS pixels. */
const NARROW = 480
/** And below this one even a plane's name would. */
const SMALL = 360

interface OverlayProps {
  readonly frame: Frame
  readonly viewer: CtViewer
}

export const FrameOverlay = memo(function FrameOverlay({ frame, viewer }: OverlayProps) {
  const widest = Math.max(0, ...frame.tiles.map(tile => tile.rect.width))
  const main = frame.tiles.find(tile => tile.rect.width === widest)
  return (
    <div className="frame-overlay" aria-hidden>
      {frame.tiles.map(tile => (
        <TileOverlay key={tile.plane} tile={tile} frame={frame} viewer={viewer} isMain={tile === main} />
      ))}
      {frame.volumeTile && (
        <div className="tile" style={place(frame.volumeTile)}>
          <span className="tile-text top-left">3-D</span>
        </div>
      )}
    </div>
  )
})

function place({ left, top, width, height }: Rect) {
  return { left, top, width, height }
}

interface TileProps extends OverlayProps {
  readonly tile: SliceTile
  readonly isMain: boolean
}

function TileOverlay({ tile, frame, viewer, isMain }: TileProps) {
  const letters = edgeLetters(tile)
  return (
    <div className="tile" data-plane={tile.plane} style={place(tile.rect)}>
      <span className="letter at-left">{letters.left}</span>
      <span className="letter at-right">{letters.right}</span>
      <span className="letter at-top">{letters.top}</span>
      <span className="letter at-bottom">{letters.bottom}</span>
      <Crosshair tile={tile} frame={frame} viewer={viewer} />
      <FindingMarks tile={tile} frame={frame} viewer={viewer} />
      <CropOutline tile={tile} viewer={viewer} />
      <span className="tile-text bottom-left">
        {capitalise(tile.rect.width < SMALL ? tile.plane.slice(0, 3) : tile.plane)} {tile.slice}/
        {tile.sliceCount}
      </span>
      {isMain && <MainTexts frame={frame} isNarrow={tile.rect.width < NARROW} />}
    </div>
  )
}

function MainTexts({ frame, isNarrow }: { frame: Frame; isNarrow: boolean }) {
  const series = useWorkbench(state => state.openCase?.series)
  const title = useWorkbench(state => state.openCase?.title)
  const window = useWorkbench(state => state.window)
  if (!series) return null
  return (
    <>
      <span className="tile-text top-left">
        {title}
        <br />
        {series.description !== title && series.description !== '' && (
          <>
            {series.description}
            <br />
          </>
        )}
        <span className="secondary">{formatSpacing(series.spacingMm)}</span>
        {series.synthetic && (
          <>
            <br />
            <b className="synthetic">SYNTHETIC</b>
          </>
        )}
      </span>
      <span className="tile-text top-right">
        {formatWindow(window)}
        <br />
        <span className="secondary">
          {frame.zoom === 1 ? window.name : `${window.name}, ${Math.round(frame.zoom * 100)} %`}
        </span>
      </span>
      <span className="tile-text bottom-right">
        {formatHu(frame.hu)}
        <br />
        <span className="secondary">
          {isNarrow ? formatRasLines(frame.rasMm) : `RAS ${formatRas(frame.rasMm)}`}
        </span>
      </span>
    </>
  )
}

function Crosshair({ tile, frame, viewer }: Omit<TileProps, 'isMain'>) {
  const { x, y } = pixelOf(tile, frame.voxel, viewer.dims)
  const { left, top, width, height } = tile.rect
  const [cx, cy] = [Math.round(x - left) + 0.5, Math.round(y - top) + 0.5]
  return (
    <svg className="crosshair" width={width} height={height}>
      <path
        d={`M0 ${cy}H${cx - GAP}M${cx + GAP} ${cy}H${width}M${cx} 0V${cy - GAP}M${cx} ${cy + GAP}V${height}`}
      />
    </svg>
  )
}

/** The number beside each finding that the slice cuts, judged by its long axis as a sphere. */
function FindingMarks({ tile, viewer }: Omit<TileProps, 'isMain'>) {
  const prediction = useWorkbench(state => state.prediction)
  const isVisible = useWorkbench(state => state.overlay.visible)
  const verdicts = useWorkbench(state => state.verdicts)
  const selected = useWorkbench(state => state.selectedFinding)
  if (prediction.kind !== 'done' || !isVisible) return null
  const { dims } = viewer
  const { rect, normal } = tile
  return prediction.summary.file.findings.map((finding, index) => {
    const voxel = viewer.voxelOf(finding.centreRasMm)
    const radiusMm = finding.longAxisMm / 2
    const offMm = Math.abs(voxel[normal] - (tile.slice - 1)) * viewer.stepMm(normal)
    if (offMm > Math.max(radiusMm, viewer.stepMm(normal) / 2)) return null
    const { x, y } = pixelOf(tile, voxel, dims)
    const away = radiusMm / viewer.stepMm(tile.x.axis) / Math.abs(tile.x.perPixel * dims[tile.x.axis]) + 5
    const at = { left: x - rect.left + away, top: y - rect.top - away, background: findingCss(index) }
    const isInside = at.left > 0 && at.left < rect.width - 16 && at.top > 0 && at.top < rect.height - 16
    if (!isInside || verdicts[finding.id] === 'rejected') return null
    return (
      <span key={finding.id} className={finding.id === selected ? 'mark selected' : 'mark'} style={at}>
        {index + 1}
      </span>
    )
  })
}
