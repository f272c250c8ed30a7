// Signs that a pretraining run is failing, as sentences: all answers alike, or features that no longer tell crops apart.
import type { PretrainFigures } from './pretrainUpdates.ts'

/** Updates that a judgement is a mean over: single batches say little. */
const window = 20

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

const heads = { aitd: 'image', ampd: 'patch', gitd: 'global' } as const

/**
 * What is wrong with the run by its last rows; empty while all is well, and during the first `window` updates. A teacher
 * may fail by sending everything to the same prototypes (entropy of its mean answer near 0) or by not deciding at all
 * (entropy of each answer near the largest possible); features fail by being the same for every crop.
 */
export function collapseWarnings(rows: readonly PretrainFigures[]): string[] {
  if (rows.length < window) return []
  const recent = rows.slice(-window)
  const warnings: string[] = []
  for (const [head, name] of Object.entries(heads) as [keyof typeof heads, string][]) {
    const known = recent.flatMap(({ entropy, entropyOfMean }) =>
      entropy[head] === undefined ? [] : [[entropy[head], entropyOfMean[head]!] as const],
    )
    if (known.length === 0) continue
    const [each, ofMean] = [mean(known.map(([value]) => value)), mean(known.map(([, value]) => value))]
    if (ofMean < 0.05)
      warnings.push(
        `The teacher gives every ${name} token the same answer (entropy of its mean answer ${ofMean.toFixed(3)} of 1): the ${head.toUpperCase()} targets have collapsed. Raise the teacher’s temperature or begin again with a lower learning rate.`,
      )
    else if (each > 0.995)
      warnings.push(
        `The teacher does not decide between prototypes (entropy of its answers ${each.toFixed(3)} of 1): the ${head.toUpperCase()} targets teach nothing yet. Lower the teacher’s temperature if this stays so.`,
      )
  }
  const spread = mean(recent.map(({ featureSpread }) => featureSpread))
  if (spread < 0.01)
    warnings.push(
      `The student’s features hardly differ from crop to crop (deviation ${spread.toFixed(4)}): they have collapsed. Begin again with a lower learning rate or other loss weights.`,
    )
  return warnings
}
