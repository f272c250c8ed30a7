// Reliability: of the cases that got a probability, how many were so. Dots on the diagonal are well calibrated.
import { useState } from 'react'
import type { Ref } from 'react'
import type { ReliabilityBin } from '../../../worker/finetuneReport.ts'
import { acrossOf, ChartFrame, SQUARE, upOf } from './ChartFrame.tsx'
import { CHART_INK, SERIES_INK } from './chartInk.ts'
import { linePath, unitAxis } from './chartLayout.ts'

interface ReliabilityChartProps {
  readonly ref?: Ref<SVGSVGElement>
  readonly bins: readonly ReliabilityBin[]
  /** Expected calibration error. */
  readonly ece: number
  readonly positive: string
  readonly notes: readonly string[]
}

const box = SQUARE
const x = unitAxis(acrossOf(box))
const y = unitAxis(upOf(box))
const ink = SERIES_INK.trained

export function ReliabilityChart({ ref, bins, ece, positive, notes }: ReliabilityChartProps) {
  const [hovered, setHovered] = useState<ReliabilityBin | null>(null)
  return (
    <>
      <ChartFrame
        ref={ref}
        {...{ box, x, y, notes }}
        label={`Reliability, expected calibration error ${ece.toFixed(2)}`}
        xTitle={`Probability of ${positive} that the model gave`}
        yTitle={`Share that was ${positive}`}
        onPointerLeave={() => setHovered(null)}
      >
        <line
          x1={x.place(0)}
          y1={y.place(0)}
          x2={x.place(1)}
          y2={y.place(1)}
          stroke={CHART_INK.secondary}
          strokeDasharray="3 3"
        />
        <path
          d={linePath(
            bins.map(({ predicted, observed }) => ({ x: predicted, y: observed })),
            x,
            y,
          )}
          fill="none"
          stroke={ink}
          strokeOpacity={0.5}
        />
        {bins.map(bin => (
          <BinMark
            key={bin.predicted}
            bin={bin}
            isHovered={bin === hovered}
            onHover={() => setHovered(bin)}
          />
        ))}
        <text x={x.place(1) - 6} y={y.place(0) - 8} textAnchor="end" fill={CHART_INK.text}>
          ECE {ece.toFixed(2)}
        </text>
      </ChartFrame>
      <p className="secondary figures chart-line">
        {hovered
          ? `${hovered.count} cases with ${percent(hovered.predicted)} on average: ${percent(hovered.observed)} were ${positive} [${percent(hovered.low)}, ${percent(hovered.high)}].`
          : 'On the dashed line, a probability means what it says. Larger dots stand for more cases.'}
      </p>
    </>
  )
}

const percent = (share: number) => `${Math.round(share * 100)} %`

interface BinMarkProps {
  readonly bin: ReliabilityBin
  readonly isHovered: boolean
  readonly onHover: () => void
}

function BinMark({ bin, isHovered, onHover }: BinMarkProps) {
  const at = x.place(bin.predicted)
  const radius = Math.min(9, 2 + Math.sqrt(bin.count))
  return (
    <g onPointerEnter={onHover}>
      <line x1={at} x2={at} y1={y.place(bin.low)} y2={y.place(bin.high)} stroke={ink} strokeWidth={1.4} />
      <circle cx={at} cy={y.place(bin.observed)} r={radius} fill={isHovered ? CHART_INK.text : ink} />
      <rect
        x={at - 9}
        y={y.place(bin.high) - 4}
        width={18}
        height={y.place(bin.low) - y.place(bin.high) + 8}
        fill="transparent"
      />
    </g>
  )
}
