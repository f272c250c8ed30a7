// Curves over the updates of a run, one panel below the other: each update thin, the mean around it thick, another run's
// means dashed. One cursor runs through all panels.
import { useEffect, useMemo, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { smooth, smoothingFor } from '../../worker/runCurves.ts'
import type { CurvePanel } from '../../worker/runCurves.ts'

interface RunCurvesProps {
  readonly panels: readonly CurvePanel[]
  readonly compared?: { readonly title: string; readonly panels: readonly CurvePanel[] } | null
}

export function RunCurves({ panels, compared }: RunCurvesProps) {
  return (
    <div className="run-curves">
      {panels.map(panel => (
        <Curve
          key={panel.yLabel}
          panel={panel}
          other={compared?.panels.find(({ yLabel }) => yLabel === panel.yLabel) ?? null}
        />
      ))}
      {compared && <p className="secondary">Dashed: {compared.title}</p>}
    </div>
  )
}

interface CurveProps {
  readonly panel: CurvePanel
  readonly other: CurvePanel | null
}

const height = 150

function Curve({ panel, other }: CurveProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const names = panel.series.map(({ name }) => name).join('\n')
  const otherNames = other?.series.map(({ name }) => name).join('\n') ?? ''
  const [low, high] = panel.range ?? []
  const data = useMemo(() => dataOf(panel, other), [panel, other])
  const latest = useRef(data)
  useEffect(() => {
    latest.current = data
    plot.current?.setData(data)
  }, [data])
  useEffect(() => {
    const element = host.current
    if (!element) return
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
    // A task for each: together they would hold the page.
    const soon = setTimeout(() => {
      const others = otherNames === '' ? [] : otherNames.split('\n')
      const options = optionsOf(names.split('\n'), others, element, yScaleOf(low, high))
      plot.current = new uPlot(options, latest.current, element)
      observer.observe(element)
    })
    return () => {
      clearTimeout(soon)
      observer.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [names, otherNames, low, high])
  const now = panel.series.map(({ name, values }) => `${name} ${values.at(-1)?.toPrecision(4)}`).join(', ')
  return (
    <figure className="run-curve">
      <figcaption>{panel.yLabel}</figcaption>
      <div ref={host} role="img" aria-label={`${panel.yLabel} over the updates; last: ${now}`} />
    </figure>
  )
}

/** x from 1; for each series its values and their means; then the other run's means. */
function dataOf(panel: CurvePanel, other: CurvePanel | null): uPlot.AlignedData {
  const lengths = [...panel.series, ...(other?.series ?? [])].map(({ values }) => values.length)
  const updates = Math.max(0, ...lengths)
  const fill = (values: readonly number[]): (number | null)[] =>
    Array.from({ length: updates }, (_, at) => (Number.isNaN(values[at]) ? null : (values[at] ?? null)))
  const mean = (values: readonly number[]) => smooth(values, smoothingFor(values.length))
  return [
    Array.from({ length: updates }, (_, at) => at + 1),
    ...panel.series.flatMap(({ values }) => [fill(values), fill(mean(values))]),
    ...(other?.series ?? []).map(({ values }) => fill(mean(values))),
  ] as uPlot.AlignedData
}

/** Updates are whole. */
const WHOLE_STEPS = [1, 2, 5]
  .flatMap(step => [step, 10 * step, 100 * step, 1000 * step, 10_000 * step])
  .sort((a, b) => a - b)

/** Learning rates are small: with a fixed number of decimals all their marks would be 0. */
function markText(mark: number): string {
  const short = Number(mark.toPrecision(4))
  return short !== 0 && Math.abs(short) < 1e-3 ? short.toExponential() : String(short)
}

/** A known range and a hair more, so that a line on its border is seen whole; otherwise the scale follows the values. */
function yScaleOf(low: number | undefined, high: number | undefined): uPlot.Scale {
  if (low === undefined || high === undefined) return {}
  const hair = (high - low) / 50
  return { range: [low - hair, high + hair] }
}

/** One update is a point: a line needs two. */
const isAlone = (plot: uPlot) => plot.data[0].length < 2

function optionsOf(
  names: readonly string[],
  otherNames: readonly string[],
  host: HTMLElement,
  yScale: uPlot.Scale,
): uPlot.Options {
  const style = getComputedStyle(host)
  const ink = (name: string) => style.getPropertyValue(name).trim()
  const colour = (index: number) => ink(`--curve-${1 + (index % 4)}`)
  const axis: uPlot.Axis = {
    stroke: ink('--secondary'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: ink('--line'), width: 1 },
    ticks: { stroke: ink('--line'), width: 1 },
  }
  const value = (_: uPlot, raw: number | null) => (raw === null ? '–' : raw.toPrecision(4))
  return {
    width: Math.max(100, host.clientWidth),
    height,
    cursor: { sync: { key: 'run-curves' }, drag: { x: true, y: false } },
    scales: { x: { time: false }, y: yScale },
    axes: [
      { ...axis, incrs: WHOLE_STEPS },
      { ...axis, size: 58, values: (_, marks) => marks.map(markText) },
    ],
    series: [
      { label: 'Update' },
      ...names.flatMap((name, index): uPlot.Series[] => [
        { label: name, stroke: colour(index), width: 1, alpha: 0.35, value, points: { show: false } },
        {
          label: `${name}, mean`,
          stroke: colour(index),
          width: 2,
          value,
          points: { show: isAlone, size: 5 },
        },
      ]),
      ...otherNames.map((name, index): uPlot.Series => ({
        ...{ label: `${name}, other run`, stroke: colour(index), width: 1.5, dash: [5, 4], value },
        points: { show: false },
      })),
    ],
  }
}
