// What an exported file says about itself, as texts: who it is, what it eats, what it is not. One table for ONNX's
// metadata_props and safetensors' header; docs/onnx.md lists the keys.
import type { ModelManifest, ClassTask } from '../network/model.ts'
import { researchNotice } from './pipelineVersion.ts'

/** Version of the table's keys. */
const schemaVersion = 1

/**
 * Texts as they are; numbers, lists and tables as JSON. `identity` is the whole model's SHA-256, which findings.json
 * names too.
 */
export function modelMetadata(
  manifest: ModelManifest,
  task: ClassTask,
  identity: string,
): Record<string, string> {
  const entry = manifest.networks[task]!
  const { licence } = manifest.provenance
  return {
    notice: researchNotice,
    schemaVersion: String(schemaVersion),
    pipelineVersion: manifest.pipelineVersion,
    name: manifest.name,
    version: manifest.version,
    title: manifest.title,
    identity,
    network: task,
    licence: typeof licence === 'string' ? licence : 'not stated',
    axes: manifest.axes,
    labels: JSON.stringify(entry.labels),
    spacingMm: JSON.stringify(entry.spacingMm),
    shape: JSON.stringify(entry.shape),
    huWindow: JSON.stringify(entry.huWindow),
    outputRange: JSON.stringify(entry.outputRange),
    padHu: JSON.stringify(entry.padHu),
    thresholds: JSON.stringify(entry.thresholds),
    config: JSON.stringify(entry.config),
    provenance: JSON.stringify(manifest.provenance),
  }
}

/** A paragraph for people who open the file in a viewer. */
export function describeModel(manifest: ModelManifest, task: ClassTask, identity: string): string {
  const { labels } = manifest.networks[task]!
  const asked = labels.includes('malignant')
    ? 'malignancy of a lung nodule'
    : `class of a lesion (${labels.join(', ')})`
  const what = task === 'segment' ? 'segmentation of lung nodules in chest CT' : `${asked} in chest CT`
  return `${manifest.title}, version ${manifest.version}: SMARTFormer, ${what}. ${researchNotice}. Identity (SHA-256 of description and weights): ${identity}.`
}

/** One sentence for each port of the network's ONNX file. */
export function describePorts(
  manifest: ModelManifest,
  task: ClassTask,
): Record<'image' | 'logits' | 'probability', string> {
  const { shape, spacingMm, huWindow, outputRange, padHu, labels } = manifest.networks[task]!
  const grid = task === 'segment' ? `, ${shape.join(', ')}` : ''
  const classes = `classes in order: ${labels.join(', ')}`
  return {
    image: `CT [1, 1, ${shape.join(', ')}]: axes ${manifest.axes}; voxels of ${spacingMm.join(' × ')} mm; HU clipped to [${huWindow.join(', ')}] and mapped linearly to [${outputRange.join(', ')}]; ${padHu} HU outside the scan.`,
    logits: `Class logits [1, ${labels.length}${grid}]; ${classes}.`,
    probability: `Softmax of the logits over axis 1 [1, ${labels.length}${grid}]; ${classes}.`,
  }
}
