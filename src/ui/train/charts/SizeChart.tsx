// Sizes of the labelled lesions by class: how many of each class are how large.
import type { Bin } from './chartLayout.ts'
import { acrossOf, ChartFrame, LOW, upOf } from './ChartFrame.tsx'
import { CHART_INK } from './chartInk.ts'
import { histogram, linearAxis } from './chartLayout.ts'

interface SizeChartProps {
  /** Diameters of spheres of the lesions' volumes, mm, by class. */
  readonly diametersMm: readonly (readonly number[])[]
  readonly classes: readonly string[]
}

/** Classes are also told apart by hatching of their name beside the bar; these inks differ in lightness. */
export const CLASS_INK = [
  'var(--chart-class-1, #0b6e80)',
  'var(--chart-class-2, #b3700f)',
  'var(--chart-class-3, #6a4bc4)',
  'var(--chart-class-4, #57606a)',
] as const

export function SizeChart({ diametersMm, classes }: SizeChartProps) {
  const bins = histogram(diametersMm)
  if (bins.length === 0) return null
  const x = linearAxis([bins[0].from, bins[bins.length - 1].to], acrossOf(LOW), 8)
  const highest = Math.max(...bins.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0)))
  const y = linearAxis([0, highest], upOf(LOW), 4)
  return (
    <ChartFrame
      box={LOW}
      {...{ x, y }}
      label={`Sizes of the lesions. ${describe(bins, classes)}`}
      xTitle="Diameter of a sphere of the same volume, mm"
      yTitle="Cases"
    >
      {bins.map(bin => (
        <Stack key={bin.from} bin={bin} place={value => [x.place(value), y.place(value)]} />
      ))}
      {classes.length > 1 &&
        classes.map((name, at) => (
          <text
            key={name}
            x={LOW.width - LOW.right}
            y={LOW.top + 8 + 13 * at}
            textAnchor="end"
            fill={inkOf(at)}
          >
            ■ {name}
          </text>
        ))}
    </ChartFrame>
  )
}

const inkOf = (at: number) => CLASS_INK[at % CLASS_INK.length]

interface StackProps {
  readonly bin: Bin
  /** Pixels of a value across, and of a value upwards. */
  readonly place: (value: number) => readonly [across: number, up: number]
}

function Stack({ bin, place }: StackProps) {
  const [left, right] = [place(bin.from)[0] + 1, place(bin.to)[0] - 1]
  return bin.counts.map((count, at) => {
    const below = bin.counts.slice(0, at).reduce((sum, one) => sum + one, 0)
    const [bottom, top] = [place(below)[1], place(below + count)[1]]
    return (
      count > 0 && (
        <rect
          key={at}
          {...{ x: left, y: top, width: right - left, height: bottom - top }}
          fill={inkOf(at)}
          stroke={CHART_INK.page}
          strokeWidth={0.8}
        >
          <title>{`${count} between ${bin.from} and ${bin.to} mm`}</title>
        </rect>
      )
    )
  })
}

function describe(bins: readonly Bin[], classes: readonly string[]): string {
  return bins
    .map(({ from, to, counts }) => {
      const said = counts.map((count, at) => `${count} ${classes[at] ?? 'cases'}`).join(', ')
      return `${from} to ${to} mm: ${said}`
    })
    .join('; ')
}
