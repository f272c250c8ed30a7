// The chart of head diversity, drawn with attributes of its own so that the file that is saved looks like the screen.
import { useState } from 'react'
import type { Ref } from 'react'
import type { HeadPanel } from '../../state/headsSlice.ts'
import { formatPercent } from '../format.ts'
import {
  CHART,
  CHART_HEIGHT,
  layoutHeads,
  legendText,
  type BlockColumn,
  type HeadMark,
  type Plot,
} from './headChartLayout.ts'

const INK = { page: '#12151a', text: '#e6e9ee', secondary: '#9aa4b2', line: '#2a313b' } as const
/** One checkpoint's marks and the other's: apart in hue and in lightness. */
const PANEL_INK = ['#4cc3d9', '#e5b567'] as const
const NOTE_STEP = 11

interface HeadChartProps {
  readonly ref: Ref<SVGSVGElement>
  readonly panels: readonly HeadPanel[]
  /** Sentences that go into the file. */
  readonly notes: readonly string[]
  readonly isSynthetic: boolean
}

export function HeadChart({ ref, panels, notes, isSynthetic }: HeadChartProps) {
  const [hovered, setHovered] = useState<HeadMark | null>(null)
  const { plots, columns } = layoutHeads(panels.map(({ result }) => result.figures))
  const footer = `Research use — not for clinical use${isSynthetic ? '. Synthetic scan' : ''}`
  const height = CHART_HEIGHT + NOTE_STEP
  return (
    <>
      <svg
        ref={ref}
        className="chart"
        xmlns="http://www.w3.org/2000/svg"
        viewBox={`0 0 ${CHART.width} ${height}`}
        role="img"
        aria-label="Attention distance and entropy of every head, by stage and block"
        fontFamily="'Inter Variable', system-ui, sans-serif"
        fontSize={10}
        onPointerLeave={() => setHovered(null)}
      >
        <desc>{[...notes, footer].join('. ')}</desc>
        <rect width={CHART.width} height={height} fill={INK.page} />
        {panels.map(({ title, model, encoder }, panel) => (
          <text key={title} x={0} y={10 + 12 * panel} fill={PANEL_INK[panel]} fontSize={10.5}>
            <title>{title}</title>● {legendText(model, encoder)}
          </text>
        ))}
        {plots.map(plot => (
          <PlotOf key={plot.title} plot={plot} columns={columns} hovered={hovered} onHover={setHovered} />
        ))}
        <text x={CHART.width - CHART.right} y={CHART_HEIGHT - 6} fill={INK.secondary} textAnchor="end">
          stage · block
        </text>
        <text x={0} y={height - 4} fill={INK.secondary} fontSize={9}>
          {footer}
        </text>
      </svg>
      <p className="secondary figures chart-readout" data-testid="head-readout">
        {hovered
          ? describe(hovered, panels)
          : 'Dots are heads, bars the middle 80 % of queries. Point at one for its figures.'}
      </p>
    </>
  )
}

interface PlotProps {
  readonly plot: Plot
  readonly columns: readonly BlockColumn[]
  readonly hovered: HeadMark | null
  readonly onHover: (mark: HeadMark) => void
}

function PlotOf({ plot, columns, hovered, onHover }: PlotProps) {
  const bottom = plot.top + CHART.plot
  const right = CHART.width - CHART.right
  return (
    <g>
      <text x={0} y={plot.top - 12} fill={INK.text}>
        {plot.title}
      </text>
      {plot.ticks.map(({ y, text }) => (
        <g key={text}>
          <line x1={CHART.left} x2={right} y1={y} y2={y} stroke={INK.line} />
          <text x={CHART.left - 5} y={y + 3.5} fill={INK.secondary} textAnchor="end">
            {text}
          </text>
        </g>
      ))}
      {columns.map(({ text, x }) => (
        <text key={text} x={x} y={bottom + 13} fill={INK.secondary} textAnchor="middle">
          {text}
        </text>
      ))}
      {plot.marks.map(mark => {
        const { panel, figure, x, y, yLow, yHigh } = mark
        const isHovered = hovered?.figure === figure && hovered.panel === panel
        return (
          <g
            key={`${panel} ${figure.stage} ${figure.block} ${figure.head}`}
            onPointerEnter={() => onHover(mark)}
          >
            <line
              x1={x}
              x2={x}
              y1={yHigh}
              y2={yLow}
              stroke={PANEL_INK[panel]}
              strokeOpacity={isHovered ? 1 : 0.4}
              strokeWidth={1.2}
            />
            <circle cx={x} cy={y} r={isHovered ? 3.6 : 2.3} fill={isHovered ? INK.text : PANEL_INK[panel]} />
            <rect x={x - 3} y={yHigh - 3} width={6} height={yLow - yHigh + 6} fill="transparent" />
          </g>
        )
      })}
    </g>
  )
}

function describe({ panel, figure }: HeadMark, panels: readonly HeadPanel[]): string {
  const { stage, block, head, distanceMm, distanceVoxels, entropyBits, paddingShare } = figure
  const where = `Stage ${stage + 1}, block ${block + 1}, head ${head + 1}`
  const { title, encoder } = panels[panel]
  // A model that both checkpoints share needs no name.
  const isOneModel = panels.every(({ model }) => model === panels[0].model)
  const whose = panels.length > 1 ? ` (${isOneModel ? encoder : title})` : ''
  const padding = paddingShare >= 0.005 ? `, ${formatPercent(paddingShare)} to padding` : ''
  return `${where}${whose}: ${distanceMm.mean.toFixed(1)} mm (${distanceVoxels.mean.toFixed(1)} voxels), ${entropyBits.mean.toFixed(2)} bits${padding}.`
}
