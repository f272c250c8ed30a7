// Drawing the map of tokens on a canvas: the same for the panel and for the file.
import { scansOfRows } from '../../insight/pooledTokens.ts'
import type { TokenColour } from '../../state/featuresSlice.ts'
import type { ClusterResult } from '../../worker/insightProtocol.ts'
import { capitalise } from '../format.ts'
import { findingCss } from '../viewer/palette.ts'

/** Room around the points, as a share of the side. */
const MARGIN = 0.04
const FILE_SIDE = 1600
const FILE_LINE = 34

/** The label 0 is what lies outside of everything and has no colour of its own. */
export const labelCss = (label: number): string => (label === 0 ? '#5c6673' : findingCss(label - 1))

/** Places [n, 2] as shares (0…1) of a square, y upwards in the data and downwards here. */
export function fitPoints(points: Float32Array): Float32Array {
  const low = [Infinity, Infinity]
  const high = [-Infinity, -Infinity]
  points.forEach((value, i) => {
    low[i & 1] = Math.min(low[i & 1], value)
    high[i & 1] = Math.max(high[i & 1], value)
  })
  const size = Math.max(high[0] - low[0], high[1] - low[1], 1e-9)
  const inside = 1 - 2 * MARGIN
  return points.map((value, i) => {
    const axis = i & 1
    const centred = (value - (low[axis] + high[axis]) / 2) / size
    return 0.5 + inside * (axis === 0 ? centred : -centred)
  })
}

/** The colour of every token of the map. */
export function pointColours({ clusters, chosen, labels, scans }: ClusterResult, by: TokenColour): string[] {
  const ofRows = scansOfRows(scans.map(({ tokens }) => tokens))
  return Array.from(chosen, row => {
    if (by === 'scan') return findingCss(ofRows[row])
    if (by === 'cluster' || !labels) return findingCss(clusters[row])
    const label = labels.ofTokens[row]
    return labelCss(label === 255 ? 0 : label)
  })
}

/** What the colours of the map stand for. Scans go by their number: a name may be a patient's. */
function legendOf({ labels, request, scans }: ClusterResult, by: TokenColour): [string, string][] {
  if (by === 'scan') return scans.map((_, i) => [findingCss(i), `Scan ${i + 1}`])
  if (by === 'label' && labels) return labels.names.map((name, i) => [labelCss(i), capitalise(name)])
  return Array.from({ length: request.k }, (_, i) => [findingCss(i), `Cluster ${i + 1}`])
}

export interface PointStyle {
  readonly colours: readonly string[]
  readonly radius: number
  /** Points that are not of these are drawn faint; null draws all alike. */
  readonly brushed: ReadonlySet<number> | null
  readonly chosen: Int32Array
}

/** Points at `places` (shares of the side) of a square of `side` at (0, 0). */
export function drawPoints(
  context: CanvasRenderingContext2D,
  places: Float32Array,
  side: number,
  { colours, radius, brushed, chosen }: PointStyle,
): void {
  for (const isFaint of [true, false])
    for (let i = 0; i < colours.length; i++) {
      if (isFaint !== (brushed !== null && !brushed.has(chosen[i]))) continue
      context.globalAlpha = isFaint ? 0.14 : 0.85
      context.fillStyle = colours[i]
      context.beginPath()
      context.arc(places[2 * i] * side, places[2 * i + 1] * side, radius, 0, 2 * Math.PI)
      context.fill()
    }
  context.globalAlpha = 1
}

/** The map as a PNG with its legend, where it comes from, and what it must not be used for. */
export function drawMapFile(
  result: ClusterResult,
  by: TokenColour,
  lines: readonly string[],
): Promise<Blob | null> {
  const { chosen, scans } = result
  const legend = legendOf(result, by)
  const isSynthetic = scans.every(({ synthetic }) => synthetic)
  const notice = `Research use — not for clinical use${isSynthetic ? '. Synthetic scan, no patient' : ''}`
  const text = [...lines, notice]
  const canvas = document.createElement('canvas')
  canvas.width = FILE_SIDE
  canvas.height = FILE_SIDE + FILE_LINE * (legend.length + text.length + 1)
  const context = canvas.getContext('2d')!
  context.fillStyle = '#0b0d10'
  context.fillRect(0, 0, canvas.width, canvas.height)
  const style = { colours: pointColours(result, by), radius: 7, brushed: null, chosen }
  drawPoints(context, fitPoints(result.points), FILE_SIDE, style)
  context.font = '24px "Inter Variable", system-ui, sans-serif'
  let y = FILE_SIDE + FILE_LINE
  for (const [colour, name] of legend) {
    context.fillStyle = colour
    context.fillRect(30, y - 20, 24, 24)
    context.fillStyle = '#e6e9ee'
    context.fillText(name, 70, y)
    y += FILE_LINE
  }
  context.fillStyle = '#9aa4b2'
  for (const line of text) {
    context.fillText(line, 30, y, FILE_SIDE - 60)
    y += FILE_LINE
  }
  return new Promise(resolve => canvas.toBlob(resolve, 'image/png'))
}
