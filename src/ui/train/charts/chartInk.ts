// Inks of the charts: on the page's dark surfaces by CSS variables, in a saved file by the fallback in each, which is for
// paper. Text keeps a contrast of 4.5 on both, marks of 3. Series differ in hue and in lightness, and are named beside them.
export const CHART_INK = {
  page: 'var(--chart-page, #ffffff)',
  text: 'var(--chart-text, #1a1f26)',
  secondary: 'var(--chart-secondary, #57606a)',
  line: 'var(--chart-line, #d8dee4)',
} as const

export type SeriesName = 'trained' | 'start' | 'size'

/** What was trained, what it began from, what needs no network. */
export const SERIES_INK: Readonly<Record<SeriesName, string>> = {
  trained: 'var(--chart-trained, #0b6e80)',
  start: 'var(--chart-start, #8a5a00)',
  size: 'var(--chart-size, #6a4bc4)',
}

/** A chart as a file of its own: every variable is replaced by its ink for paper. */
export function chartFile(svg: SVGSVGElement): Blob {
  const text = new XMLSerializer().serializeToString(svg).replace(/var\(--[\w-]+, (#[0-9a-f]+)\)/g, '$1')
  return new Blob([text], { type: 'image/svg+xml' })
}
