// A PNG of pictures side by side with what they are, from where, and the sentence that goes on everything.
const TEXT = '#e6e9ee'
const SECONDARY = '#9aa4b2'
const FONT = "'Inter Variable', system-ui, sans-serif"
const GAP = 16

export interface Panel {
  readonly name: string
  readonly canvas: HTMLCanvasElement
}

export interface PngPage {
  readonly title: string
  readonly panels: readonly Panel[]
  readonly columns: number
  /** Sentences below, wrapped. */
  readonly lines: readonly string[]
  /** A colour bar: CSS colours from left to right and the texts of its ends. */
  readonly bar?: { readonly colours: readonly string[]; readonly ends: readonly [string, string, string] }
}

function wrap(context: CanvasRenderingContext2D, lines: readonly string[], width: number): string[] {
  return lines.flatMap(line => {
    const wrapped: string[] = []
    let current = ''
    for (const word of line.split(' ')) {
      const next = current === '' ? word : `${current} ${word}`
      if (current !== '' && context.measureText(next).width > width) {
        wrapped.push(current)
        current = word
      } else current = next
    }
    return [...wrapped, current]
  })
}

function drawBar(
  context: CanvasRenderingContext2D,
  bar: NonNullable<PngPage['bar']>,
  y: number,
  width: number,
): void {
  const gradient = context.createLinearGradient(GAP, 0, GAP + width, 0)
  bar.colours.forEach((colour, at) => gradient.addColorStop(at / (bar.colours.length - 1), colour))
  context.fillStyle = gradient
  context.fillRect(GAP, y, width, 12)
  context.fillStyle = TEXT
  ;(['left', 'center', 'right'] as const).forEach((align, at) => {
    context.textAlign = align
    context.fillText(bar.ends[at], GAP + (width * at) / 2, y + 30)
  })
  context.textAlign = 'left'
}

/** Draws the page at the panels' own resolution. */
export function composePng({ title, panels, columns, lines, bar }: PngPage): Promise<Blob> {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')!
  const [wide, high] = [panels[0].canvas.width, panels[0].canvas.height]
  const rows = Math.ceil(panels.length / columns)
  const width = columns * wide + (columns - 1) * GAP
  context.font = `14px ${FONT}`
  const wrapped = wrap(context, lines, width)
  const captions = panels.some(({ name }) => name !== '') ? 24 : 0
  const top = 56
  const bottom = top + rows * (high + captions + GAP)
  canvas.width = width + 2 * GAP
  canvas.height = bottom + (bar ? 48 : 0) + wrapped.length * 20 + GAP
  context.fillStyle = '#0b0d10'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = TEXT
  context.font = `600 20px ${FONT}`
  context.fillText(title, GAP, 36)
  context.font = `14px ${FONT}`
  panels.forEach((panel, at) => {
    const x = GAP + (at % columns) * (wide + GAP)
    const y = top + Math.floor(at / columns) * (high + captions + GAP)
    context.drawImage(panel.canvas, x, y)
    context.fillText(panel.name, x, y + high + 18)
  })
  if (bar) drawBar(context, bar, bottom, width)
  context.fillStyle = SECONDARY
  wrapped.forEach((line, at) => context.fillText(line, GAP, bottom + (bar ? 48 : 0) + 16 + at * 20))
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      blob => (blob ? resolve(blob) : reject(new Error('This browser could not write a PNG of the views.'))),
      'image/png',
    ),
  )
}
