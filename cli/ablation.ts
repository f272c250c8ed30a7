// npm run ablation: the papers' comparison at phantom scale within a time budget, continued by further calls, and the
// table of what it gave so far.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ablationReport } from '../src/training/ablation/ablationReport.ts'
import { performAblation, type AblationOptions } from '../src/training/ablation/performAblation.ts'
import { phantomNodules } from '../src/training/ablation/probeSets.ts'
import { ablationRecipe, defaultPlan, type AblationPlan } from '../src/training/ablation/variants.ts'
import { InputError } from '../src/base/errors.ts'
import { nodePlaces } from './support/environment.ts'
import { folderStorage } from './support/folderStorage.ts'
import { readLidcNodules } from './support/lidcNodules.ts'
import { loadNodeRuntime } from './support/nodeRuntime.ts'
import { parseCount, parseNumber } from './support/pretrainFlags.ts'
import { runCommand } from './support/runCommand.ts'
import { withRunLock } from './support/runLock.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const usage =
  'npm run ablation -- --minutes 60 [--out runs/ablation] [--report docs/evidence/ablation.md] [--cubes ../shared/data/lidc-nodules|none] [--threads N]   and for a new one [--steps 400] [--batch 4] [--lr 1.5e-3] [--seeds 3] [--probe-phantoms 120]'

const options = {
  minutes: { type: 'string' },
  out: { type: 'string', default: path.join(root, 'runs', 'ablation') },
  report: { type: 'string', default: path.join(root, 'docs', 'evidence', 'ablation.md') },
  cubes: { type: 'string', default: path.join(root, '..', 'shared', 'data', 'lidc-nodules') },
  threads: { type: 'string' },
  steps: { type: 'string' },
  batch: { type: 'string' },
  lr: { type: 'string' },
  seeds: { type: 'string' },
  'probe-phantoms': { type: 'string' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

function planOf(values: Values): AblationPlan {
  const count = (name: 'steps' | 'batch' | 'seeds' | 'probe-phantoms', value: number) =>
    values[name] === undefined ? value : parseCount(name, values[name])
  const phantoms = count('probe-phantoms', defaultPlan.probePhantoms[0])
  return {
    ...defaultPlan,
    steps: count('steps', defaultPlan.steps),
    batch: count('batch', defaultPlan.batch),
    seeds: Math.min(3, count('seeds', defaultPlan.seeds)),
    learningRate: values.lr === undefined ? defaultPlan.learningRate : parseNumber('lr', values.lr),
    probePhantoms: [phantoms, phantoms],
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  if (values.minutes === undefined)
    throw new InputError(`The time budget is missing (--minutes). Usage: ${usage}`)
  const minutes = parseNumber('minutes', values.minutes)
  const threads = values.threads === undefined ? undefined : parseCount('threads', values.threads)
  const runtime = await loadNodeRuntime(threads)
  const { places, environment } = await nodePlaces({
    openGpu: () => Promise.resolve(undefined),
    openCpu: () => Promise.resolve(runtime),
  })
  await places.openCpu('the ablation runs on the CPU')
  const hasCubes = existsSync(values.cubes)
  const probeData = async ({ probePhantoms: [learn, judge] }: AblationPlan) => ({
    learn: phantomNodules('train', learn, ablationRecipe),
    judge: phantomNodules('val', judge, ablationRecipe),
    cubes: hasCubes ? await readLidcNodules(values.cubes, ablationRecipe) : [],
  })
  const ablation: AblationOptions = {
    storage: folderStorage(values.out),
    runStorage: name => folderStorage(path.join(values.out, name)),
    runtime,
    environment,
    minutes,
    plan: planOf(values),
    probeData,
    onNotice: notice => console.log(notice),
  }
  const { plan, isDone } = await withRunLock(values.out, () => performAblation(ablation))
  const report = await ablationReport(ablation, plan)
  await mkdir(path.dirname(values.report), { recursive: true })
  await writeFile(values.report, report)
  console.log(report)
  console.log(isDone ? 'All is done.' : 'Not all is done: the same command goes on from here.')
}

runCommand(main)
