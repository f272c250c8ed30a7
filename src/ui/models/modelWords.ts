// A model in words: what kind it is, and what it does with a scan.
import type { ModelEntry } from '../../worker/modelProtocol.ts'

export const isPretrained = ({ networks }: Pick<ModelEntry, 'networks'>): boolean =>
  networks.every(({ task }) => task === 'pretrain')

export function kindOf(model: Pick<ModelEntry, 'networks' | 'origin'>): string {
  const origin = model.origin === 'own' ? 'Own' : 'Shipped'
  return isPretrained(model) ? `${origin}, pretrained` : origin
}

export const canAnalyse = (model: Pick<ModelEntry, 'networks'>): boolean => !isPretrained(model)

/** What the reader gets of it, in one sentence. */
export function abilityOf({ networks }: Pick<ModelEntry, 'networks'>): string {
  const classify = networks.find(({ task }) => task === 'classify')
  const classes = classify?.labels.join(', ')
  const segments = networks.some(({ task }) => task === 'segment')
  if (segments && classify) return `Finds nodules and tells them apart: ${classes}.`
  if (segments) return 'Finds nodules; gives them no class.'
  if (classify) return `Tells apart ${classes}; nodules are searched for with the shipped model.`
  return 'For the attention lab and as a start for training: finds and judges nothing.'
}
