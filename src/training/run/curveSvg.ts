// Curves over the updates of a run as an SVG file: panels one below the other, each with its own labelled axis, with light
// and dark reading in mind (mid tones on white). Thin: every update; thick: the mean of the updates around it.

export interface CurveSeries {
  readonly name: string
  readonly colour: string
  /** One value for each update; NaN where there is none yet. */
  readonly values: readonly number[]
}

export interface CurvePanel {
  readonly yLabel: string
  /** Of a figure whose range is known; otherwise the axis follows the values. */
  readonly range?: readonly [low: number, high: number]
  readonly series: readonly CurveSeries[]
}

export interface CurveOptions {
  readonly title: string
  readonly xLabel: string
  /** Updates that the thick line is a mean over. */
  readonly smoothing: number
}

const width = 760
const panelHeight = 210
const margin = { left: 66, right: 150, top: 40, bottom: 46, between: 26 }

/** Updates that the thick line of a run of this many is a mean over. */
export function smoothingFor(updates: number): number {
  return Math.max(1, Math.min(50, Math.floor(updates / 10)))
}

/** Mean over `count` updates around each, fewer at the ends; NaN stays and counts nowhere. */
export function smooth(values: readonly number[], count: number): number[] {
  const half = Math.floor(count / 2)
  return values.map((_, at) => {
    if (Number.isNaN(values[at])) return NaN
    const around = values.slice(Math.max(0, at - half), at + half + 1).filter(value => !Number.isNaN(value))
    return around.reduce((sum, value) => sum + value, 0) / around.length
  })
}

/** A round step that divides a range into about five parts. */
function tickStep(range: number): number {
  const rough = range / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 5, 10].find(one => one * power >= rough) ?? 10
  return factor * power
}

function ticks(low: number, high: number): number[] {
  const step = tickStep(high - low)
  const first = Math.ceil(low / step)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

interface Scale {
  readonly x: (update: number) => number
  readonly y: (value: number) => number
}

/** Points of a line at most: more would only make the file larger. */
const mostPoints = 280

function line(values: readonly number[], { x, y }: Scale, style: string): string {
  const every = Math.ceil(values.length / mostPoints)
  const points = values.flatMap((value, at) =>
    at % every === 0 && !Number.isNaN(value) ? [`${x(at).toFixed(1)},${y(value).toFixed(1)}`] : [],
  )
  return `<polyline fill="none" ${style} points="${points.join(' ')}"/>`
}

/** From 0 or the lowest value to a little above the highest; never empty, also where all values are 0. */
function rangeOf({ range, series }: CurvePanel): readonly [number, number] {
  if (range) return range
  const all = series.flatMap(({ values }) => values).filter(value => !Number.isNaN(value))
  const [low, high] = [Math.min(0, ...all), Math.max(...all) * 1.04]
  return high > low ? [low, high] : [low, low + 1]
}

function panelSvg(panel: CurvePanel, top: number, updates: number, smoothing: number): string {
  const { yLabel, series } = panel
  const [low, high] = rangeOf(panel)
  const bottom = top + panelHeight
  const right = width - margin.right
  const scale: Scale = {
    x: update => margin.left + (update / Math.max(1, updates - 1)) * (right - margin.left),
    y: value => bottom - ((value - low) / (high - low)) * panelHeight,
  }
  const grid = ticks(low, high).map(value => {
    const y = scale.y(value).toFixed(1)
    return `<line x1="${margin.left}" x2="${right}" y1="${y}" y2="${y}" stroke="#ddd"/><text x="${margin.left - 8}" y="${y}" dy="4" text-anchor="end">${value}</text>`
  })
  const along = ticks(0, updates).map(update => {
    const x = scale.x(Math.min(update, updates - 1)).toFixed(1)
    return `<line x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 5}" stroke="#666"/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${update}</text>`
  })
  const curves = series.flatMap(({ values, colour }) => [
    line(values, scale, `stroke="${colour}" stroke-width="0.7" opacity="0.35"`),
    line(smooth(values, smoothing), scale, `stroke="${colour}" stroke-width="2"`),
  ])
  const legend = series.map(({ name, colour }, at) => {
    const y = top + 12 + 18 * at
    return `<line x1="${right + 12}" x2="${right + 30}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"/><text x="${right + 36}" y="${y}" dy="4">${escape(name)}</text>`
  })
  const middle = top + panelHeight / 2
  const label = `<text transform="rotate(-90)" x="${-middle}" y="16" text-anchor="middle">${escape(yLabel)}</text>`
  const frame = `<rect x="${margin.left}" y="${top}" width="${right - margin.left}" height="${panelHeight}" fill="none" stroke="#666"/>`
  return [...grid, ...along, ...curves, frame, label, ...legend].join('\n')
}

/** Panels over the same updates. @throws Error when there is nothing to draw. */
export function curveSvg(panels: readonly CurvePanel[], { title, xLabel, smoothing }: CurveOptions): string {
  const updates = panels[0]?.series[0]?.values.length ?? 0
  if (updates === 0) throw new Error('curveSvg: there is no update to draw.')
  const pitch = panelHeight + margin.between + 18
  const height = margin.top + panels.length * pitch + margin.bottom - margin.between
  const bodies = panels.map((panel, at) => panelSvg(panel, margin.top + at * pitch, updates, smoothing))
  const middle = (margin.left + width - margin.right) / 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${margin.left}" y="22" font-size="14">${escape(title)}</text>`,
    ...bodies,
    `<text x="${middle}" y="${height - 10}" text-anchor="middle">${escape(xLabel)}</text>`,
    '</svg>',
    '',
  ].join('\n')
}
