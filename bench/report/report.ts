// All results together: what is printed, and the page under docs/benchmarks.
import { isTiming, type CaseResult, type Growth, type Place } from '../protocol.ts'
import { markdownTable, textTable } from './print.ts'
import { caseTable, describePlace, growthTable, profileTable, summaryTable, type Table } from './rows.ts'

export interface Report {
  /** ISO 8601. */
  readonly date: string
  readonly command: string
  readonly places: readonly Place[]
  readonly results: readonly CaseResult[]
  readonly growths: readonly Growth[]
  readonly remarks: readonly string[]
}

const explanation = [
  'Each case is the same work on the same numbers for all, one run of each in turn; ms is the median of the rounds, ± half their range.',
  'FLOPs are those of the unsimplified graph, GB/s every input read and every output written once; "of GEMM" and "of copy" are parts of the best matrix product and of the copying rate measured in the same run.',
  'JS ms is the time until the last submit; GPU MB the growth of live buffers while preparing and running; difference the largest, relative to the largest value of the tensor, from the reference.',
  '"> N×": its first run was stopped before its end, after N times our time.',
  'Only ratios within one case mean something on a machine whose speed drifts.',
]

function tablesOf({ places, results, growths }: Report): { summary: Table[]; detail: Table[] } {
  return {
    summary: places.map(place => summaryTable(results, place)),
    detail: [
      ...results.flatMap(result => {
        const place = places.find(({ kind }) => kind === result.place)
        const where = result.place === 'node' ? 'Node' : 'Page'
        const table = caseTable(result, place)
        const profiled = result.entrants.filter(isTiming).filter(({ profile }) => profile)
        return [
          { ...table, title: `${where}: ${table.title}` },
          ...profiled.map(timing => profileTable(`${where}: ${result.name}`, timing)),
        ]
      }),
      ...growths.map(growthTable),
    ],
  }
}

export function textReport(report: Report): string {
  const { summary, detail } = tablesOf(report)
  return [
    report.places.map(describePlace).join('\n'),
    ...detail.map(textTable),
    ...summary.map(textTable),
    ...(report.remarks.length > 0 ? [report.remarks.join('\n')] : []),
  ].join('\n\n')
}

export function markdownReport(report: Report): string {
  const { summary, detail } = tablesOf(report)
  const section = (title: string, parts: readonly string[]) =>
    parts.length > 0 ? [`## ${title}`, ...parts] : []
  return `${[
    `# Benchmarks on ${report.places[0]?.adapter ?? 'no adapter'}`,
    `${report.date}, \`${report.command}\``,
    report.places.map(place => `- ${describePlace(place)}`).join('\n'),
    explanation.join('\n'),
    ...section('Summary', summary.map(markdownTable)),
    ...section(
      'Not run',
      report.remarks.length > 0 ? [report.remarks.map(each => `- ${each}`).join('\n')] : [],
    ),
    ...section('Cases', detail.map(markdownTable)),
  ].join('\n\n')}\n`
}

/** A file's name from the adapter's, such as "nvidia-ampere". */
export function reportFileName({ places }: Report): string {
  const adapter = places[0]?.adapter ?? 'no-adapter'
  return `${adapter
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}.md`
}
