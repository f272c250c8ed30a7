// What every chart has: a page, two axes with ticks, units and grid lines, and the notice that goes into every file.
import type { PointerEventHandler, ReactNode, Ref } from 'react'
import { CHART_INK } from './chartInk.ts'
import type { Axis } from './chartLayout.ts'

export interface ChartBox {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Of a chart in a panel; in a dialog it is drawn larger, not otherwise. */
export const SQUARE: ChartBox = { width: 340, height: 330, left: 40, right: 10, top: 12, bottom: 54 }
export const LOW: ChartBox = { width: 340, height: 190, left: 40, right: 10, top: 12, bottom: 54 }

/** The two ends of the axes of a box, in pixels. */
export const acrossOf = ({ left, right, width }: ChartBox) => [left, width - right] as const
export const upOf = ({ top, bottom, height }: ChartBox) => [height - bottom, top] as const

interface ChartFrameProps {
  readonly ref?: Ref<SVGSVGElement>
  readonly box: ChartBox
  /** What is to be seen, for who does not see it. */
  readonly label: string
  readonly x?: Axis
  readonly y?: Axis
  readonly xTitle: string
  readonly yTitle: string
  /** Sentences for the file: which model, which cases. */
  readonly notes?: readonly string[]
  readonly children: ReactNode
  readonly onPointerMove?: PointerEventHandler<SVGSVGElement>
  readonly onPointerLeave?: () => void
}

const NOTICE = 'Research use — not for clinical use'

export function ChartFrame(props: ChartFrameProps) {
  const { ref, box, label, x, y, xTitle, yTitle, notes = [], children } = props
  const foot = box.height - box.bottom
  return (
    <svg
      ref={ref}
      className="chart"
      xmlns="http://www.w3.org/2000/svg"
      viewBox={`0 0 ${box.width} ${box.height}`}
      role="img"
      aria-label={label}
      fontFamily="'Inter Variable', system-ui, sans-serif"
      fontSize={10}
      onPointerMove={props.onPointerMove}
      onPointerLeave={props.onPointerLeave}
    >
      <desc>{[...notes, NOTICE].join('. ')}</desc>
      <rect width={box.width} height={box.height} fill={CHART_INK.page} />
      {y && <HorizontalLines y={y} box={box} />}
      {x?.ticks.map(({ at, text }) => (
        <g key={text}>
          <line x1={at} x2={at} y1={foot} y2={foot + 4} stroke={CHART_INK.secondary} />
          <text x={at} y={foot + 15} fill={CHART_INK.secondary} textAnchor="middle">
            {text}
          </text>
        </g>
      ))}
      <line x1={box.left} x2={box.width - box.right} y1={foot} y2={foot} stroke={CHART_INK.secondary} />
      <text
        x={(box.left + box.width - box.right) / 2}
        y={foot + 30}
        fill={CHART_INK.text}
        textAnchor="middle"
      >
        {xTitle}
      </text>
      <text
        transform={`translate(10 ${(box.top + foot) / 2}) rotate(-90)`}
        fill={CHART_INK.text}
        textAnchor="middle"
      >
        {yTitle}
      </text>
      {children}
      <text x={box.left} y={box.height - 5} fill={CHART_INK.secondary} fontSize={9}>
        {NOTICE}
      </text>
    </svg>
  )
}

function HorizontalLines({ y, box }: { y: Axis; box: ChartBox }) {
  return y.ticks.map(({ at, text }) => (
    <g key={text}>
      <line x1={box.left} x2={box.width - box.right} y1={at} y2={at} stroke={CHART_INK.line} />
      <text x={box.left - 5} y={at + 3.5} fill={CHART_INK.secondary} textAnchor="end">
        {text}
      </text>
    </g>
  ))
}

/** Where the pointer is in the chart's own pixels. */
export function pointerAt(event: React.PointerEvent<SVGSVGElement>, box: ChartBox) {
  const bounds = event.currentTarget.getBoundingClientRect()
  return {
    x: ((event.clientX - bounds.left) / bounds.width) * box.width,
    y: ((event.clientY - bounds.top) / bounds.height) * box.height,
  }
}
