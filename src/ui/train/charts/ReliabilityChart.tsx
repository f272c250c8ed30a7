// Reliability: of the cases that got a probability, how many were so. Dots on the diagonal are well calibrated.
import { useState } from 'react'
import type { Ref } from 'react'
import type { Figure, ReliabilityBin } from '../../../worker/finetuneProtocol.ts'
import { acrossOf, ChartFrame, SQUARE, upOf } from './ChartFrame.tsx'
import { CHART_INK, SERIES_INK } from './chartInk.ts'
import { figureText, linePath, reliabilityDots, unitAxis, type ReliabilityDot } from './chartLayout.ts'

interface ReliabilityChartProps {
  readonly ref?: Ref<SVGSVGElement>
  readonly bins: readonly ReliabilityBin[]
  /** Expected calibration error. */
  readonly ece: Figure | null
  /** What a case turned out to be. */
  readonly outcome: string
  readonly notes: readonly string[]
}

const box = SQUARE
const x = unitAxis(acrossOf(box))
const y = unitAxis(upOf(box))
const ink = SERIES_INK.trained
const percent = (share: number) => `${Math.round(share * 100)} %`

export function ReliabilityChart({ ref, bins, ece, outcome, notes }: ReliabilityChartProps) {
  const [hovered, setHovered] = useState<ReliabilityDot | null>(null)
  const dots = reliabilityDots(bins)
  const error = ece ? `ECE ${figureText(ece)}` : ''
  return (
    <>
      <ChartFrame
        ref={ref}
        {...{ box, x, y, notes }}
        label={`Reliability. ${error}`}
        xTitle="Probability that the model gave"
        yTitle={`Share that was ${outcome}`}
        onPointerLeave={() => setHovered(null)}
      >
        <line
          {...{ x1: x.place(0), y1: y.place(0), x2: x.place(1), y2: y.place(1) }}
          stroke={CHART_INK.secondary}
          strokeDasharray="3 3"
        />
        <path d={linePath(dots, x, y)} fill="none" stroke={ink} strokeOpacity={0.5} />
        {dots.map(dot => (
          <DotMark key={dot.x} dot={dot} isHovered={dot.x === hovered?.x} onHover={() => setHovered(dot)} />
        ))}
        <text x={x.place(1) - 6} y={y.place(0) - 8} textAnchor="end" fill={CHART_INK.text}>
          {error}
        </text>
      </ChartFrame>
      <p className="secondary figures chart-line">
        {hovered
          ? `${hovered.count} cases with ${percent(hovered.x)} on average: ${percent(hovered.y)} were ${outcome} [${percent(hovered.low)}, ${percent(hovered.high)}].`
          : 'On the dashed line, a probability means what it says. Larger dots stand for more cases; bars are 95 % (Wilson).'}
      </p>
    </>
  )
}

interface DotMarkProps {
  readonly dot: ReliabilityDot
  readonly isHovered: boolean
  readonly onHover: () => void
}

function DotMark({ dot, isHovered, onHover }: DotMarkProps) {
  const at = x.place(dot.x)
  const [top, bottom] = [y.place(dot.high), y.place(dot.low)]
  return (
    <g onPointerEnter={onHover}>
      <line x1={at} x2={at} y1={bottom} y2={top} stroke={ink} strokeWidth={1.4} />
      <circle
        cx={at}
        cy={y.place(dot.y)}
        r={Math.min(9, 2 + Math.sqrt(dot.count))}
        fill={isHovered ? CHART_INK.text : ink}
      />
      <rect x={at - 9} y={top - 4} width={18} height={bottom - top + 8} fill="transparent" />
    </g>
  )
}
