// Dice of each held-out case before and after: one line a case, sorted by what came out, so that losers are seen too.
import { useState } from 'react'
import type { Ref } from 'react'
import type { DicePair } from '../../../worker/finetuneProtocol.ts'
import { acrossOf, ChartFrame, SQUARE, upOf } from './ChartFrame.tsx'
import { CHART_INK, SERIES_INK } from './chartInk.ts'
import { linearAxis, unitAxis } from './chartLayout.ts'

interface PairsChartProps {
  readonly ref?: Ref<SVGSVGElement>
  readonly pairs: readonly DicePair[]
  readonly nameOf: (at: number) => string
  readonly notes: readonly string[]
  readonly onChoose: (at: number) => void
}

const box = SQUARE
const y = unitAxis(upOf(box))

export function PairsChart({ ref, pairs, nameOf, notes, onChoose }: PairsChartProps) {
  const [hovered, setHovered] = useState<DicePair | null>(null)
  const sorted = [...pairs].sort((a, b) => a.after - b.after)
  const x = linearAxis([0, sorted.length], acrossOf(box))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const said = `mean ${mean(sorted.map(({ after }) => after)).toFixed(2)} after`
  return (
    <>
      <ChartFrame
        ref={ref}
        {...{ box, x, y, notes }}
        label={`Dice of ${sorted.length} held-out cases, ${said}`}
        xTitle="Held-out cases, the worst first"
        yTitle="Dice"
        onPointerLeave={() => setHovered(null)}
      >
        {sorted.map((pair, rank) => (
          <PairMark
            key={pair.at}
            {...{ pair, centre: x.place(rank + 0.5), isHovered: pair === hovered }}
            onHover={() => setHovered(pair)}
            onPress={() => onChoose(pair.at)}
          />
        ))}
        <text x={x.place(x.high) - 6} y={y.place(0) - 8} textAnchor="end" fill={SERIES_INK.trained}>
          ● after
        </text>
        {sorted.some(({ before }) => before !== null) && (
          <text x={x.place(x.high) - 56} y={y.place(0) - 8} textAnchor="end" fill={SERIES_INK.start}>
            ○ start model
          </text>
        )}
      </ChartFrame>
      <p className="secondary figures chart-line">
        {hovered
          ? `${nameOf(hovered.at)}: ${hovered.before === null ? '' : `${hovered.before.toFixed(2)} → `}${hovered.after.toFixed(2)}.`
          : 'A line a case, from the start model to the trained one. Click for its scan.'}
      </p>
    </>
  )
}

interface PairMarkProps {
  readonly pair: DicePair
  readonly centre: number
  readonly isHovered: boolean
  readonly onHover: () => void
  readonly onPress: () => void
}

function PairMark({ pair, centre, isHovered, onHover, onPress }: PairMarkProps) {
  const after = y.place(pair.after)
  const before = pair.before === null ? after : y.place(pair.before)
  return (
    <g onPointerEnter={onHover} onClick={onPress} cursor="pointer">
      <line x1={centre} x2={centre} y1={before} y2={after} stroke={CHART_INK.secondary} />
      {pair.before !== null && (
        <circle
          cx={centre}
          cy={before}
          r={3}
          fill={CHART_INK.page}
          stroke={SERIES_INK.start}
          strokeWidth={1.4}
        />
      )}
      <circle cx={centre} cy={after} r={isHovered ? 4.5 : 3.4} fill={SERIES_INK.trained} />
      <rect
        x={centre - 6}
        y={Math.min(after, before) - 6}
        width={12}
        height={Math.abs(after - before) + 12}
        fill="transparent"
      />
    </g>
  )
}
