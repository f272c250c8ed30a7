// A model's card.md: what it is, where it comes from, how good it is, what it is not for. Written from model.json and from
// reports, so that card and model cannot disagree; only the head names the identity, which changes with a new name.
import type { ModelManifest, NetworkEntry } from '../network/model.ts'
import { researchNotice } from '../prediction/pipelineVersion.ts'

/** The model that a model was made from, as `provenance.parent` names it. */
export interface ModelParent {
  readonly name: string
  readonly version: string
  readonly identity: string
}

/** Undefined where the description names none, or names it in another way. */
export function parentOf({ provenance }: ModelManifest): ModelParent | undefined {
  const { name, version, identity } = (provenance.parent ?? {}) as Partial<Record<keyof ModelParent, unknown>>
  if (typeof name !== 'string' || typeof version !== 'string' || typeof identity !== 'string')
    return undefined
  return { name, version, identity }
}

/** One line of markdown: what a network is, eats and tells apart. */
export function describeNetwork(
  task: string,
  { config, shape, spacingMm, huWindow, labels, thresholds, teacher }: NetworkEntry,
): string {
  return [
    `- **${task}**: SMARTFormer, ${config.embed} channels, depths ${config.depths.join('-')}, windows of ${config.window}³ tokens; `,
    `eats ${shape.join(' × ')} voxels of ${spacingMm.join(' × ')} mm (D, H, W), ${huWindow[0]} to ${huWindow[1]} HU; `,
    labels.length > 0
      ? `classes ${labels.join(', ')}; thresholds ${JSON.stringify(thresholds)}`
      : 'no classes: semantic attention and the reconstruction of hidden voxels',
    teacher ? '; the momentum teacher, whose attention chose the masks, beside the student' : '',
  ].join('')
}

/** Title, notice, remarks and identity: what every card begins with. */
export function cardHead(manifest: ModelManifest, identity: string): string[] {
  const { title, version, provenance, remarks } = manifest
  const notice = typeof provenance.notice === 'string' ? provenance.notice : `${researchNotice}.`
  return [
    `# ${title} ${version}`,
    '',
    `**${notice}** It is not a medical device, and nobody has validated it on patients.`,
    ...(remarks ?? []).flatMap(remark => ['', `**${remark}**`]),
    '',
    `Identity (SHA-256 of description and weights): \`${identity}\``,
    '',
  ]
}

const json = (value: unknown) => ['```json', JSON.stringify(value, null, 1), '```', '']

function origin(manifest: ModelManifest): string[] {
  const parent = parentOf(manifest)
  const sentence = parent
    ? `Made from ${parent.name} ${parent.version} (\`${parent.identity}\`) by further training. A fine-tuned model is a different algorithm from the one that it was made from: what was measured of that one does not hold for it.`
    : 'Trained from random parameters, or the description does not say from what.'
  return ['## Where it comes from', '', sentence, '']
}

/** `data` of the provenance: a sentence, or figures by name. */
function data({ provenance: { data } }: ModelManifest): string[] {
  if (data === undefined) return []
  return ['## Data', '', ...(typeof data === 'string' ? [data, ''] : json(data))]
}

function training({ provenance }: ModelManifest): string[] {
  const { settings, runs, commands } = provenance
  const lines = [
    ...(Array.isArray(commands) ? ['```sh', ...commands.map(String), '```', ''] : []),
    ...(settings === undefined ? [] : json(settings)),
    ...(runs === undefined ? [] : json(runs)),
  ]
  return lines.length > 0 ? ['## How it was trained', '', ...lines] : []
}

/**
 * The card of a model that was trained here. `figures`: markdown of the reports on it, each with its own intervals and
 * beside the start model and size alone.
 */
export function modelCard(
  manifest: ModelManifest,
  identity: string,
  figures: readonly string[] = [],
): string {
  const { networks, provenance } = manifest
  return [
    ...cardHead(manifest, identity),
    ...origin(manifest),
    '## Networks',
    '',
    ...Object.entries(networks).map(([task, entry]) => describeNetwork(task, entry as NetworkEntry)),
    '',
    ...data(manifest),
    '## How good it is',
    '',
    ...(figures.length > 0
      ? figures.flatMap(one => [one.trim(), ''])
      : ['Not judged: no figures came with it.', '']),
    ...training(manifest),
    '## What it is not for',
    '',
    `${researchNotice}. What it says of scans that differ from those it was trained and judged on must not be relied on.`,
    '',
    ...(typeof provenance.licence === 'string' ? [`Licence: ${provenance.licence}.`, ''] : []),
  ].join('\n')
}

/** The card of a model that has got another name: the head is written anew, everything below it stays. */
export function renameCard(card: string, manifest: ModelManifest, identity: string): string {
  const at = card.search(/^## /m)
  return [...cardHead(manifest, identity), at < 0 ? card : card.slice(at)].join('\n')
}
