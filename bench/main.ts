// npm run bench: our kernels and networks beside their peers, in Node and in a page. It measures and asserts nothing.
//   --quick under two minutes on two cores · --full published sizes and growth · --json prints only JSON
//   --write also writes docs/benchmarks/<device>.md · --only TEXT|TEXT cases whose name contains one of them · --rounds N
//   --entrants TEXT|TEXT only these · --where node|page|both · --patience N seconds for one run, default 180
//   --profile also where the time of ours goes, program by program
//   --minutes N ends in about that time, the most telling cases first
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../cli/support/runCommand.ts'
import { InputError } from '../src/base/errors.ts'
import { describeFailure } from './measure/describeFailure.ts'
import { childFlag, launchNode } from './node/launch.ts'
import { openMeasuringPage } from './page/launch.ts'
import type { Job, Settings } from './protocol.ts'
import { markdownReport, reportFileName, textReport, type Report } from './report/report.ts'
import { supervise, type Limits, type Supervised } from './supervise.ts'

const levels: Record<
  Settings['level'],
  Omit<Settings, 'isProfiled'> & { attemptMs: number; nodeMs: number; totalMs: number }
> = {
  // The whole must end in two minutes, building the page included.
  quick: { level: 'quick', rounds: 3, budgetMs: 1500, attemptMs: 25_000, nodeMs: 60_000, totalMs: 110_000 },
  normal: {
    ...{ level: 'normal', rounds: 7, budgetMs: 15_000, attemptMs: 180_000 },
    ...{ nodeMs: Infinity, totalMs: Infinity },
  },
  full: {
    ...{ level: 'full', rounds: 11, budgetMs: 60_000, attemptMs: 900_000 },
    ...{ nodeMs: Infinity, totalMs: Infinity },
  },
}

function readPositive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!(number > 0)) throw new InputError(`--${name} is '${text}', but a number above 0 is expected.`)
  return number
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      entrants: { type: 'string', default: '' },
      patience: { type: 'string' },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      where: { type: 'string', default: 'both' },
    },
  })
  if (!['node', 'page', 'both'].includes(values.where))
    throw new InputError(`--where is '${values.where}', but node, page or both is expected.`)
  const rounds = readPositive('rounds', values.rounds)
  if (rounds !== undefined && !Number.isInteger(rounds))
    throw new InputError(`--rounds is '${values.rounds}', but a whole number from 1 is expected.`)
  const minutes = readPositive('minutes', values.minutes)
  const patience = readPositive('patience', values.patience)
  return { ...values, rounds, minutes, patience }
}

/** The page's part; its absence is a remark. */
async function measurePage(
  isSoftware: boolean,
  job: Pick<Job, 'settings' | 'only' | 'entrants'>,
  limits: Limits,
  say: (line: string) => void,
): Promise<Supervised> {
  try {
    const page = await openMeasuringPage(isSoftware)
    try {
      return await supervise('Page', page.launch, job, limits, say)
    } finally {
      page.close()
    }
  } catch (error) {
    return { results: [], growths: [], remarks: [`Page: not run: ${describeFailure(error)}`] }
  }
}

async function main(): Promise<void> {
  const options = readArguments()
  const started = performance.now()
  const {
    attemptMs: ownAttemptMs,
    nodeMs: ownNodeMs,
    totalMs: ownTotalMs,
    ...level
  } = levels[options.quick ? 'quick' : options.full ? 'full' : 'normal']
  const attemptMs = options.patience === undefined ? ownAttemptMs : options.patience * 1000
  const wantedMs = (options.minutes ?? Infinity) * 60_000
  const [nodeMs, totalMs] = [Math.min(ownNodeMs, wantedMs / 2), Math.min(ownTotalMs, wantedMs)]
  const settings: Settings = { ...level, rounds: options.rounds ?? level.rounds, isProfiled: options.profile }
  const job = { settings, only: options.only, entrants: options.entrants }
  // stdout is for the results.
  const say = (line: string) => console.error(line)
  const parts: Supervised[] = []
  if (options.where !== 'page') {
    const deadline = started + (options.where === 'node' ? totalMs : nodeMs)
    parts.push(await supervise('Node', launchNode, job, { attemptMs, deadline }, say))
  }
  if (options.where !== 'node') {
    // Without a word from Node the browser is asked for the adapter that every machine has.
    const isSoftware = parts[0]?.place?.isSoftware ?? true
    parts.push(await measurePage(isSoftware, job, { attemptMs, deadline: started + totalMs }, say))
  }
  const report: Report = {
    date: new Date().toISOString(),
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(
      ' ',
    ),
    places: parts.flatMap(({ place }) => place ?? []),
    results: parts.flatMap(({ results }) => results),
    growths: parts.flatMap(({ growths }) => growths),
    remarks: parts.flatMap(({ remarks }) => remarks),
  }
  console.log(options.json ? JSON.stringify(report, null, 1) : textReport(report))
  if (!options.write) return
  const file = path.join('docs', 'benchmarks', reportFileName(report))
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, markdownReport(report))
  say(`Written: ${file}`)
}

if (process.argv.includes(childFlag)) {
  const { measureInNode } = await import('./node/measure.ts')
  measureInNode()
} else runCommand(main)
