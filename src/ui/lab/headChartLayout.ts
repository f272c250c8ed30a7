// Where the heads' chart puts its marks: two plots with one axis of blocks, heads side by side within a block, checkpoints
// beside each other within a head's block. Plain numbers; the component draws them.
import type { HeadFigure, Spread } from '../../insight/headDiversity.ts'

export const CHART = { width: 340, left: 34, right: 8, top: 50, plot: 118, gap: 44, foot: 44 } as const
export const CHART_HEIGHT = CHART.top + 2 * CHART.plot + CHART.gap + CHART.foot

export interface HeadMark {
  readonly panel: number
  readonly figure: HeadFigure
  readonly x: number
  readonly y: number
  /** The tenth and the ninetieth percentile over queries. */
  readonly yLow: number
  readonly yHigh: number
}

export interface Plot {
  readonly title: string
  readonly top: number
  readonly ticks: readonly { readonly y: number; readonly text: string }[]
  readonly marks: readonly HeadMark[]
}

export interface BlockColumn {
  readonly text: string
  readonly x: number
  readonly stage: number
}

/** A round step of which at most five fit into `highest`. */
export function roundStep(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 1e-6) / 5))
  return [1, 2, 5, 10].map(factor => factor * power).find(step => highest / step <= 5)!
}

/** Characters that a line of the chart's width holds. */
const legendRoom = 54

/** `model` ends with its version, which stays, as `encoder` does: a long name loses what stands before them. */
export function legendText(model: string, encoder: string): string {
  const room = legendRoom - encoder.length - 2
  if (model.length <= room) return `${model}, ${encoder}`
  const version = model.slice(model.lastIndexOf(' '))
  const begin = model.slice(0, Math.max(1, room - version.length - 1)).replace(/[\s,(]+$/, '')
  return `${begin}…${version}, ${encoder}`
}

const quantities = [
  { title: 'Attention distance, mm', of: (figure: HeadFigure): Spread => figure.distanceMm },
  { title: 'Entropy, bits', of: (figure: HeadFigure): Spread => figure.entropyBits },
]

const blockKey = ({ stage, block }: HeadFigure) => `${stage}.${block}`

/** The chart of one or two checkpoints' figures. */
export function layoutHeads(panels: readonly (readonly HeadFigure[])[]): {
  readonly plots: readonly Plot[]
  readonly columns: readonly BlockColumn[]
} {
  const all = panels.flat()
  const keys = [...new Set(all.map(blockKey))].sort()
  const step = (CHART.width - CHART.left - CHART.right) / Math.max(1, keys.length)
  const left = (figure: HeadFigure) => CHART.left + keys.indexOf(blockKey(figure)) * step
  const xOf = (figure: HeadFigure, panel: number, heads: number) => {
    const room = (step * 0.86) / panels.length
    return left(figure) + step * 0.07 + room * (panel + (figure.head + 0.5) / heads)
  }
  const plots = quantities.map(({ title, of }, row): Plot => {
    const top = CHART.top + row * (CHART.plot + CHART.gap)
    const highest = Math.max(...all.map(figure => of(figure).high), 1e-6)
    const tickStep = roundStep(highest)
    const end = tickStep * Math.ceil(highest / tickStep)
    const yOf = (value: number) => top + CHART.plot * (1 - value / end)
    const ticks = Array.from({ length: Math.round(end / tickStep) + 1 }, (_, i) => i * tickStep)
    return {
      title,
      top,
      ticks: ticks.map(value => ({ y: yOf(value), text: String(Number(value.toPrecision(3))) })),
      marks: panels.flatMap((figures, panel) =>
        figures.map(figure => {
          const heads = figures.filter(one => blockKey(one) === blockKey(figure)).length
          const { mean, low, high } = of(figure)
          return {
            panel,
            figure,
            x: xOf(figure, panel, heads),
            y: yOf(mean),
            yLow: yOf(low),
            yHigh: yOf(high),
          }
        }),
      ),
    }
  })
  const columns = keys.map((key, i) => {
    const [stage, block] = key.split('.').map(Number)
    return { text: `${stage + 1}·${block + 1}`, x: CHART.left + (i + 0.5) * step, stage }
  })
  return { plots, columns }
}
