// A model folder's card.md, written from what stands beside it: model.json, and evaluation.json where the model has been
// judged. Nothing in it is typed by hand, so that card and model cannot disagree.
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  modelIdentity,
  parseManifest,
  type ModelManifest,
  type NetworkEntry,
} from '../../src/network/model.ts'
import { cardHead, describeNetwork } from '../../src/report/modelCard.ts'

/** One split's figures in evaluation.json. */
export interface EvaluationRecord {
  readonly bench: string
  readonly date: string
  readonly device: string
  /** Identity of the model that was judged. */
  readonly sha256: string
  /** Markdown table of figures with intervals. */
  readonly table: readonly string[]
}

export type EvaluationFile = Readonly<Record<string, EvaluationRecord>>

async function readEvaluation(folder: string): Promise<EvaluationFile> {
  const file = path.join(folder, 'evaluation.json')
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : {}
}

/** Adds a split's figures to evaluation.json and writes the card anew. */
export async function recordEvaluation(
  folder: string,
  split: string,
  record: EvaluationRecord,
): Promise<void> {
  const all = { ...(await readEvaluation(folder)), [split]: record }
  await writeFile(path.join(folder, 'evaluation.json'), `${JSON.stringify(all, null, 1)}\n`)
  await writeModelCard(folder)
}

function describeFigures(evaluation: EvaluationFile, identity: string): string[] {
  return Object.entries(evaluation).flatMap(([split, { bench, date, device, sha256, table }]) => [
    `### ${split}`,
    '',
    `${bench}; ${device}; ${date.slice(0, 10)}; 95 % intervals by bootstrap over scans.`,
    ...(sha256 === identity
      ? []
      : ['', `**Measured on an earlier state of this model (${sha256.slice(0, 12)}…).**`]),
    '',
    ...table,
    '',
  ])
}

/** What is said of a model that gives attention and reconstructions, not findings. */
const aboutPretraining = [
  '## What it learnt',
  '',
  'Losses, the figures of unseen crops and their curves stand in `docs/evidence/pretraining.md`.',
  '',
  '## What it is not for',
  '',
  'It gives attention and reconstructed voxels for the attention lab, and a start for fine-tuning. It finds no nodules and',
  'judges none.',
  '',
]

const judgement = (figures: readonly string[]) => [
  '## How good it is on synthetic chests',
  '',
  ...(figures.length > 0 ? figures : ['Not judged yet: `npm run evaluate -- --split test --record`.', '']),
  'Thresholds are chosen on validation scans only. A hit is a finding whose centre lies within the true nodule’s radius;',
  'every other finding counts as false. Malignancy is judged on crops centred on the true nodules.',
  '',
  '## What it is not for',
  '',
  'Synthetic chests are simpler than patients: what it finds in a real scan, and what it says about malignancy there,',
  'must not be relied on. What was seen on real scans stands in `docs/evidence`.',
  '',
]

/** Of the shipped models, whose descriptions do not say it. */
const onPhantoms =
  'On crops of synthetic chests (`phantom-bench-v1`, training seeds), made on the fly; no patient’s data took part.'

function cardText(manifest: ModelManifest, identity: string, evaluation: EvaluationFile): string {
  const { networks, provenance } = manifest
  const commands = (provenance.commands ?? []) as string[]
  const figures = describeFigures(evaluation, identity)
  return [
    ...cardHead(manifest, identity),
    '## Networks',
    '',
    ...Object.entries(networks).map(([task, entry]) => describeNetwork(task, entry as NetworkEntry)),
    '',
    '## How it was trained',
    '',
    typeof provenance.data === 'string' ? provenance.data : onPhantoms,
    '',
    '```sh',
    ...commands,
    '```',
    '',
    '```json',
    JSON.stringify(provenance.runs, null, 1),
    '```',
    '',
    ...(networks.pretrain ? aboutPretraining : judgement(figures)),
    `Licence: ${typeof provenance.licence === 'string' ? provenance.licence : 'not stated'}.`,
    '',
  ].join('\n')
}

/** Writes card.md of a model folder. */
export async function writeModelCard(folder: string): Promise<void> {
  const manifest = parseManifest(JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')))
  const weights = new Uint8Array(await readFile(path.join(folder, manifest.weights.file)))
  const identity = await modelIdentity(manifest, weights)
  await writeFile(path.join(folder, 'card.md'), cardText(manifest, identity, await readEvaluation(folder)))
}
