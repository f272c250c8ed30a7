// ROC curves with their bands: what was trained beside what it began from and beside size alone.
import { useState } from 'react'
import type { Ref } from 'react'
import type { RocPoint, RocSeries } from '../../../worker/finetuneReport.ts'
import { acrossOf, ChartFrame, pointerAt, SQUARE, upOf } from './ChartFrame.tsx'
import { CHART_INK, SERIES_INK } from './chartInk.ts'
import { bandPath, interval, linePath, nearestPoint, unitAxis } from './chartLayout.ts'

interface RocChartProps {
  readonly ref?: Ref<SVGSVGElement>
  readonly series: readonly RocSeries[]
  readonly notes: readonly string[]
}

const box = SQUARE
const x = unitAxis(acrossOf(box))
const y = unitAxis(upOf(box))
const toPoints = (points: readonly RocPoint[]) =>
  points.map(({ falsePositiveRate, sensitivity }) => ({ x: falsePositiveRate, y: sensitivity }))

/** Nearer than this a pointer means a curve, in the chart's pixels. */
const REACH = 14

interface Hover {
  readonly of: RocSeries
  readonly point: RocPoint
}

function hoverAt(series: readonly RocSeries[], at: { x: number; y: number }): Hover | null {
  const candidates = series.flatMap(of => {
    const point = of.points[nearestPoint(toPoints(of.points), x, y, at)]
    if (!point) return []
    const distance = Math.hypot(x.place(point.falsePositiveRate) - at.x, y.place(point.sensitivity) - at.y)
    return [{ of, point, distance }]
  })
  const [nearest] = candidates.sort((a, b) => a.distance - b.distance)
  return nearest && nearest.distance < REACH ? nearest : null
}

export function RocChart({ ref, series, notes }: RocChartProps) {
  const [hover, setHover] = useState<Hover | null>(null)
  const said = series.map(({ name, auc }) => `${name}: AUC ${interval(auc.value, auc.low, auc.high)}`)
  return (
    <>
      <ChartFrame
        ref={ref}
        {...{ box, x, y, notes }}
        label={`ROC curves. ${said.join('; ')}`}
        xTitle="False positive rate (1 − specificity)"
        yTitle="Sensitivity"
        onPointerMove={event => setHover(hoverAt(series, pointerAt(event, box)))}
        onPointerLeave={() => setHover(null)}
      >
        <line
          x1={x.place(0)}
          y1={y.place(0)}
          x2={x.place(1)}
          y2={y.place(1)}
          stroke={CHART_INK.line}
          strokeDasharray="3 3"
        />
        {series.map(({ series: name, band }) => (
          <path
            key={name}
            d={bandPath(
              band.map(point => ({ ...point, x: point.falsePositiveRate })),
              x,
              y,
            )}
            fill={SERIES_INK[name]}
            fillOpacity={0.14}
          />
        ))}
        {series.map(({ series: name, points }) => (
          <path
            key={name}
            d={linePath(toPoints(points), x, y)}
            fill="none"
            stroke={SERIES_INK[name]}
            strokeWidth={name === 'trained' ? 2 : 1.4}
          />
        ))}
        <AucLabels series={series} />
        {hover && (
          <circle
            cx={x.place(hover.point.falsePositiveRate)}
            cy={y.place(hover.point.sensitivity)}
            r={3.5}
            fill={SERIES_INK[hover.of.series]}
          />
        )}
      </ChartFrame>
      <p className="secondary figures chart-line" data-testid="roc-readout">
        {hover
          ? describe(hover)
          : 'AUC with 95 % interval (bootstrap by patient). Point at a curve for its figures.'}
      </p>
    </>
  )
}

/** Below the diagonal there is room, and a good curve never comes there. */
function AucLabels({ series }: Pick<RocChartProps, 'series'>) {
  const bottom = y.place(0) - 8
  return series.map(({ series: name, name: title, auc }, i) => (
    <text
      key={name}
      x={x.place(1) - 6}
      y={bottom - 14 * (series.length - 1 - i)}
      textAnchor="end"
      fill={SERIES_INK[name]}
      fontWeight={name === 'trained' ? 600 : 400}
    >
      {title} {interval(auc.value, auc.low, auc.high)}
    </text>
  ))
}

function describe({ of, point }: Hover): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return `${of.name}: sensitivity ${percent(point.sensitivity)}, specificity ${percent(1 - point.falsePositiveRate)}.`
}
