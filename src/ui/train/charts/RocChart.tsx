// ROC curves with their bands: what was trained beside what it began from and beside size alone.
import { useState } from 'react'
import type { Ref } from 'react'
import type { Figure, RocCurve } from '../../../worker/finetuneProtocol.ts'
import { acrossOf, ChartFrame, pointerAt, SQUARE, upOf } from './ChartFrame.tsx'
import { CHART_INK, SERIES_INK, type SeriesName } from './chartInk.ts'
import { bandPath, figureText, linePath, nearestPoint, unitAxis } from './chartLayout.ts'

export interface RocSeries {
  readonly series: SeriesName
  readonly name: string
  readonly curve: RocCurve
  readonly auc: Figure | null
}

interface RocChartProps {
  readonly ref?: Ref<SVGSVGElement>
  readonly series: readonly RocSeries[]
  readonly notes: readonly string[]
}

const box = SQUARE
const x = unitAxis(acrossOf(box))
const y = unitAxis(upOf(box))

type RocPoint = RocCurve['points'][number]
const placeOf = ({ falsePositiveRate, sensitivity }: RocPoint) => ({ x: falsePositiveRate, y: sensitivity })

/** Nearer than this a pointer means a curve, in the chart's pixels. */
const REACH = 14

interface Hover {
  readonly of: RocSeries
  readonly point: RocPoint
}

function hoverAt(series: readonly RocSeries[], at: { x: number; y: number }): Hover | null {
  const candidates = series.flatMap(of => {
    const { points } = of.curve
    const point = points[nearestPoint(points.map(placeOf), x, y, at)]
    if (!point) return []
    const distance = Math.hypot(x.place(point.falsePositiveRate) - at.x, y.place(point.sensitivity) - at.y)
    return [{ of, point, distance }]
  })
  const [nearest] = candidates.sort((a, b) => a.distance - b.distance)
  return nearest && nearest.distance < REACH ? nearest : null
}

const aucText = ({ name, auc }: RocSeries) => (auc ? `${name} ${figureText(auc)}` : name)

export function RocChart({ ref, series, notes }: RocChartProps) {
  const [hover, setHover] = useState<Hover | null>(null)
  return (
    <>
      <ChartFrame
        ref={ref}
        {...{ box, x, y, notes }}
        label={`ROC curves. AUC: ${series.map(aucText).join('; ')}`}
        xTitle="False positive rate (1 − specificity)"
        yTitle="Sensitivity"
        onPointerMove={event => setHover(hoverAt(series, pointerAt(event, box)))}
        onPointerLeave={() => setHover(null)}
      >
        <Chance />
        {series.map(one => (
          <Curve key={one.series} of={one} />
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

function Chance() {
  const [x1, x2] = [x.place(0), x.place(1)]
  return (
    <line
      {...{ x1, x2, y1: y.place(0), y2: y.place(1) }}
      stroke={CHART_INK.secondary}
      strokeDasharray="3 3"
    />
  )
}

function Curve({ of: { series, curve } }: { of: RocSeries }) {
  const band = curve.band.map(({ falsePositiveRate, low, high }) => ({ x: falsePositiveRate, low, high }))
  return (
    <>
      <path d={bandPath(band, x, y)} fill={SERIES_INK[series]} fillOpacity={0.14} />
      <path
        d={linePath(curve.points.map(placeOf), x, y)}
        fill="none"
        stroke={SERIES_INK[series]}
        strokeWidth={series === 'trained' ? 2 : 1.4}
      />
    </>
  )
}

/** Below the diagonal there is room, and a good curve never comes there. */
function AucLabels({ series }: Pick<RocChartProps, 'series'>) {
  const bottom = y.place(0) - 8
  return series.map((one, i) => (
    <text
      key={one.series}
      x={x.place(1) - 6}
      y={bottom - 14 * (series.length - 1 - i)}
      textAnchor="end"
      fill={SERIES_INK[one.series]}
      fontWeight={one.series === 'trained' ? 600 : 400}
    >
      {aucText(one)}
    </text>
  ))
}

function describe({ of, point: { falsePositiveRate, sensitivity, threshold } }: Hover): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  const from = of.series === 'size' || threshold === null ? '' : `, from ${percent(threshold)} on`
  return `${of.name}: sensitivity ${percent(sensitivity)}, specificity ${percent(1 - falsePositiveRate)}${from}.`
}
