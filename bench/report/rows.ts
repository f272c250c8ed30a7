// The figures of the results as rows of text, for the terminal and for Markdown alike.
import type { CaseResult, Growth, Place, Timing } from '../protocol.ts'
import { isTiming } from '../protocol.ts'

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Below the table. */
  readonly notes: readonly string[]
}

/** Three significant digits without exponent. */
export function digits(value: number): string {
  if (Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return '∞'
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.max(0, Math.min(6, 2 - magnitude)))
}

const percent = (part: number) => `${digits(100 * part)} %`
const optional = (value: number | undefined, show: (value: number) => string) =>
  value === undefined ? '' : show(value)

/** The faster of ours, compiled; undefined where neither ran. */
export function bestOfOurs({ entrants }: CaseResult): Timing | undefined {
  return entrants
    .filter(isTiming)
    .filter(({ entrant }) => entrant.startsWith('ours,') && !entrant.includes('eager'))
    .reduce<Timing | undefined>(
      (best, each) => (best && best.milliseconds <= each.milliseconds ? best : each),
      undefined,
    )
}

const columns = [
  ...[
    'entrant',
    'ms',
    '±',
    '÷ ours',
    'GFLOP/s',
    'of GEMM',
    'GB/s',
    'of copy',
    'dispatches',
    'JS ms',
    'GPU MB',
  ],
  ...['difference', 'first ms', 'rounds'],
]

/** One case: a row for each entrant that ran, a note for each that did not. */
export function caseTable(result: CaseResult, place: Place | undefined): Table {
  const { flops, bytes } = result.work
  const ours = bestOfOurs(result)
  const row = (timing: Timing) => {
    const { milliseconds } = timing
    const [gflops, gbs] = [flops / milliseconds / 1e6, bytes / milliseconds / 1e6]
    const usesGpu = timing.dispatches !== undefined
    const part = (value: number, most: number | undefined) => (usesGpu && most ? percent(value / most) : '')
    return [
      timing.entrant,
      digits(milliseconds),
      percent(timing.spread),
      ours ? digits(milliseconds / ours.milliseconds) : '',
      digits(gflops),
      part(gflops, place?.gemmGflops),
      digits(gbs),
      part(gbs, place?.copyGBs),
      optional(timing.dispatches, String),
      optional(timing.jsMilliseconds, digits),
      optional(timing.gpuBytes, value => digits(value / 1e6)),
      timing.entrant === result.reference ? 'reference' : timing.difference.toExponential(1),
      digits(timing.firstMilliseconds),
      String(timing.rounds),
    ]
  }
  const notes = result.entrants.flatMap(each => {
    if (!isTiming(each)) return [`${each.entrant}: not run: ${each.notRun}`]
    return each.note ? [`${each.entrant}: ${each.note}`] : []
  })
  return {
    title: `${result.name} (${digits(flops / 1e9)} GFLOP, ${digits(bytes / 1e6)} MB)`,
    columns,
    rows: result.entrants.filter(isTiming).map(row),
    notes,
  }
}

const both = ', forward and gradients'

/** What the gradients alone cost each entrant: the difference of the two cases' medians. */
function gradientsAlone(result: CaseResult, all: readonly CaseResult[]): CaseResult | undefined {
  if (!result.name.endsWith(both)) return undefined
  const name = result.name.slice(0, -both.length)
  const forward = all.find(other => other.place === result.place && other.name === `${name}, forward`)
  if (!forward) return undefined
  const entrants = result.entrants.filter(isTiming).flatMap(each => {
    const first = forward.entrants.filter(isTiming).find(({ entrant }) => entrant === each.entrant)
    const milliseconds = each.milliseconds - (first?.milliseconds ?? NaN)
    return milliseconds > 0 ? [{ ...each, milliseconds }] : []
  })
  return { ...result, name: `${name}, gradients alone (difference of the two)`, entrants }
}

/** How many times as long as the better of ours each other entrant takes, one row a case. */
export function summaryTable(results: readonly CaseResult[], place: Place): Table {
  const here = results.filter(result => result.place === place.kind)
  const shown = here.flatMap(result => [result, gradientsAlone(result, here) ?? []].flat())
  const names = [...new Set(here.flatMap(({ entrants }) => entrants.map(({ entrant }) => entrant)))]
  const others = names.filter(name => !name.startsWith('ours,') || name.includes('eager'))
  const rows = shown.map(result => {
    const ours = bestOfOurs(result)
    const ratio = (name: string) => {
      const found = result.entrants.find(({ entrant }) => entrant === name)
      if (!found || !ours) return '–'
      if (isTiming(found)) return `${digits(found.milliseconds / ours.milliseconds)}×`
      return found.atLeastMilliseconds ? `> ${digits(found.atLeastMilliseconds / ours.milliseconds)}×` : '–'
    }
    return [
      result.name,
      ours ? digits(ours.milliseconds) : '–',
      ours ? ours.entrant.replace('ours, ', '') : '–',
      ...others.map(ratio),
    ]
  })
  return {
    title: `${place.label}: time of each ÷ time of ours`,
    columns: ['case', 'ours, ms', 'tiles', ...others],
    rows,
    notes: [],
  }
}

/** Of the rows of a profile only those that take this part of the time are shown. */
const leastShare = 0.01

/** Where the time of one entrant's programs goes. */
export function profileTable(title: string, { entrant, profile = [] }: Timing): Table {
  const shown = profile.filter(({ share }) => share >= leastShare)
  const [count, milliseconds] = [
    profile.reduce((sum, row) => sum + row.count, 0),
    profile.reduce((sum, row) => sum + row.milliseconds, 0),
  ]
  return {
    title: `${title}: profile of ${entrant}`,
    columns: ['program', 'times', 'ms', 'share'],
    rows: [
      ...shown.map(row => [row.label, String(row.count), digits(row.milliseconds), percent(row.share)]),
      ['all', String(count), digits(milliseconds), percent(1)],
    ],
    notes: [],
  }
}

export function growthTable({ title, points }: Growth): Table {
  return {
    title,
    columns: ['', 'ms', 'a unit', 'GPU MB'],
    rows: points.map(({ label, milliseconds, perUnit, gpuBytes }) => [
      label,
      digits(milliseconds),
      digits(perUnit),
      optional(gpuBytes, value => digits(value / 1e6)),
    ]),
    notes: [],
  }
}

/** What the place is and what it can do at best. */
export function describePlace({ label, processor, copyGBs, gemmGflops, gemmBy }: Place): string {
  const copy = optional(copyGBs, value => `; copies ${digits(value)} GB/s`)
  const gemm = optional(gemmGflops, value => `; best matrix product ${digits(value)} GFLOP/s (${gemmBy})`)
  return `${label}; ${processor}${copy}${gemm}`
}
