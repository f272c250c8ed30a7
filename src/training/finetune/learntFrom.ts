// What a model has learnt from, as hashes of scans in its description: cases that it has seen say nothing of how good it is.
import type { ModelManifest } from '../../network/model.ts'
import type { CropCase } from '../labelled/cropSet.ts'

/** Hashes of the scans that a model, or one that it came from, was fine-tuned on; empty where nothing is known. */
export function learntFrom({ provenance }: Pick<ModelManifest, 'provenance'>): readonly string[] {
  const { learntFrom: scans } = provenance
  return Array.isArray(scans) ? scans.filter(one => typeof one === 'string') : []
}

/** Those of the parent and those of the cases that were trained on, in an order that tells nothing. */
export function joinLearnt(
  parent: Pick<ModelManifest, 'provenance'> | undefined,
  cases: readonly CropCase[],
): string[] {
  const own = cases.flatMap(({ scan }) => scan ?? [])
  return [...new Set([...(parent ? learntFrom(parent) : []), ...own])].sort()
}

/** Indices of the cases whose scan the model has learnt from. */
export function casesSeen(
  model: Pick<ModelManifest, 'provenance'>,
  cases: readonly Pick<CropCase, 'scan'>[],
): number[] {
  const seen = new Set(learntFrom(model))
  return cases.flatMap(({ scan }, at) => (scan !== undefined && seen.has(scan) ? [at] : []))
}
